"""A worker without a memory: every workflow task finds its workflow forgotten, and replays its whole history.

What depends on anything but the history (a module's variable, the order of a set, a clock, what one worker happened
to hear) then shows as a nondeterminism error, whichever step it is in.

The SDK's own way, ``max_cached_workflows=0``, loses work in 1.35.0: after each completed activation its core evicts
the run used longest ago, which with several under way is another than the one just completed. If that one has local
activities in flight, they are cancelled, its workflow task is never answered, and the server waits ten seconds before
it gives the task out again (``WFStream::process_completion`` and ``ManagedRun::request_eviction`` of sdk-core). A
small cache does the same as soon as more runs are under way than it has places. So the cache is large here, and each
run is evicted by name at the one moment at which nothing can be lost: just before the answer that ends its workflow
task. The core then evicts it as soon as it has reported the answer, before it takes up any other task of it.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client
from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.plugin import SimplePlugin
from temporalio.worker import Worker, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import Info


def forgetful_worker(client: Client, make: Callable[[Client], Worker], begun: Counter[str]) -> Worker:
    """The worker that ``make`` makes of a client, but one that forgets.

    ``begun`` is to count how often each workflow, by its id, was begun at the first event of its history.
    """
    made: list[Forgetful] = []

    def instead(runner: WorkflowRunner | None) -> WorkflowRunner:
        assert runner is not None
        made.append(Forgetful(runner, begun))
        return made[0]

    plugin = SimplePlugin("forgetful", workflow_runner=instead)
    worker = make(Client(**{**client.config(), "plugins": [plugin]}))
    (forgetful,) = made
    forgetful.worker = worker
    return worker


class Forgetful(WorkflowRunner):
    """Runs workflows as another runner does, and has its worker forget each after each of its workflow tasks."""

    def __init__(self, runner: WorkflowRunner, begun: Counter[str]) -> None:
        self.worker: Worker | None = None
        self._runner = runner
        self._begun = begun

    def prepare_workflow(self, defn: object) -> None:
        self._runner.prepare_workflow(defn)  # type: ignore[arg-type]

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._runner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        self._begun[det.info.workflow_id] += 1
        return _Forgotten(self._runner.create_instance(det), self._forget)

    def _forget(self, run_id: str) -> None:
        bridge = self.worker._bridge_worker if self.worker is not None else None
        # Nothing is left to forget once the worker has ended.
        if bridge is not None:
            bridge.request_workflow_eviction(run_id)


class _Forgotten(WorkflowInstance):
    """A workflow's present incarnation, which is gone when its workflow task is answered."""

    def __init__(self, instance: WorkflowInstance, forget: Callable[[str], None]) -> None:
        self._instance = instance
        self._forget = forget
        self._in_flight = 0

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        completion = self._instance.activate(act)
        resolved = sum(job.HasField("resolve_activity") and job.resolve_activity.is_local for job in act.jobs)
        scheduled = sum(command.HasField("schedule_local_activity") for command in completion.successful.commands)
        self._in_flight += scheduled - resolved
        asked = any(job.HasField("query_workflow") for job in act.jobs)
        gone = any(job.HasField("remove_from_cache") for job in act.jobs)
        # A workflow task is over once it is past the replay and waits for no local activity.
        if self._in_flight == 0 and not gone and (asked or not act.is_replaying):
            self._forget(act.run_id)
        return completion

    def get_serialization_context(self, command_info: object) -> SerializationContext | None:
        return self._instance.get_serialization_context(command_info)  # type: ignore[arg-type]

    def get_external_store_context(self, command_info: object) -> StorageDriverStoreContext:
        return self._instance.get_external_store_context(command_info)  # type: ignore[arg-type]

    def get_info(self) -> Info:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()
