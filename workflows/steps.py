"""Numbering steps, and saying of each which one it is, however often its workflow task runs."""

from collections import Counter

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.messages import By, Step


class Steps:
    """The steps of one workflow. ``taken`` counts on over the workflow's runs.

    A step's transaction commits before its workflow task does. When a worker dies in between, the task runs again,
    perhaps with more to do and in another order; so a step is known by what it is, not by its number: an Update's by
    the Update's id, the process's own by how many of its kind have gone before in this run.
    """

    def __init__(self, workflow_id: str, before: int) -> None:
        self._workflow = workflow_id
        self._before = before
        self._kinds: Counter[str] = Counter()
        self.taken = before

    def next(self, what: str, by: By, reason: str | None = None) -> Step:
        """The next step, to be written; it counts once ``took`` says that it has been."""
        update = workflow.current_update_info()
        key = f"{update.id}:{what}" if update else f"{what}#{self._before}+{self._kinds[what] + 1}"
        return Step(
            workflow=self._workflow,
            number=self.taken + 1,
            key=key[:96],
            at=workflow.now(),
            by=by,
            what=what,
            reason=reason,
        )

    def took(self, step: Step) -> None:
        """The step has been written."""
        self._kinds[step.what] += 1
        self.taken = step.number
