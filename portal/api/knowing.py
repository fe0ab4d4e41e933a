"""What a program without the scope for decisions learns: that the board has decided, and nothing that says what.

For such a program a nomination whose decision was released stays decided, in every answer, filter, count, export and
event, with the moments it had before, whatever it came to since: each stage after it says what was decided, and so
does that there is one.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import Query

from models.enums import Stage
from models.programs import EventKind, Scope
from portal.api.access import Program, lacks
from storage.programs import RELEASED, Narrowed, OwnNomination

InStage = Annotated[
    Stage | None,
    Query(
        description="Only nominations in this stage. "
        + ", ".join(f"`{stage.value}`" for stage in RELEASED)
        + f" need the scope `{Scope.DECISIONS_READ.value}`."
    ),
]


def narrowed_for(program: Program, asked: Narrowed) -> Narrowed:
    """What a list is narrowed to, as far as the program may know it.

    Raises:
        ProblemError: It asks for a stage that says what was decided, and may not know that.
    """
    if program.undecided and asked.stage in RELEASED:
        raise lacks(Scope.DECISIONS_READ, "Asking for this stage needs a token with the scope decisions:read.")
    return replace(asked, undecided=program.undecided)


def kinds_for(program: Program, asked: Sequence[EventKind]) -> tuple[EventKind, ...]:
    """Which events an endpoint is sent that the program adds; where it names none, all that it may know.

    Raises:
        ProblemError: It names released decisions, and may not know them.
    """
    if not program.undecided:
        return tuple(asked)
    if EventKind.DECISION_RELEASED in asked:
        raise lacks(Scope.DECISIONS_READ, "Events of released decisions need a token with the scope decisions:read.")
    return tuple(asked) or (EventKind.STAGE_CHANGED,)


def refuse_released(own: OwnNomination) -> None:
    """Refuses to change a nomination of which the program may not know the decision.

    Whether it can still be changed, and the answer to that, would say what was decided.

    Raises:
        ProblemError: Its decision was released.
    """
    if own.decided_at is not None:
        raise lacks(
            Scope.DECISIONS_READ,
            "The board's decision on this nomination was released: changing it needs a token with the scope "
            "decisions:read.",
        )
