"""Who can move a nomination on, stage by stage, in a line for the person who looks."""

from collections.abc import Mapping
from types import MappingProxyType

from models.enums import Stage

_NOBODY = "nobody: this is its end"
MOVED_BY: Mapping[Stage, str] = MappingProxyType(
    {
        Stage.NOMINATED: "the nominee, by 'consent'; operations can extend the deadline",
        Stage.APPLYING: "the nominee, by 'apply' and 'submit'; operations can extend the deadline",
        Stage.SCREENING: "a moderator or the board, by 'screen', where the rules did not pass it",
        Stage.AWAITING_PANEL: "operations, by 'run release' once a run proposes a panel",
        Stage.SCORING: "its assessors, by 'assess'; operations can extend or reassign an assessment",
        Stage.QUALITY_ASSURANCE: "a moderator, by 'moderate'",
        Stage.AWAITING_DECISION: "two members of the board, by 'decide' and 'decide --approve'",
        Stage.DECIDED: "the board, by 'release' once every nomination is decided",
        Stage.IN_POOL: "nobody needs to; the nominee can withdraw",
        Stage.RESERVED: "the board, by 'promote' when a place is given up",
        Stage.DECLINED_BY_NOMINEE: _NOBODY,
        Stage.LAPSED: "operations, by 'readmit', until decisions are released",
        Stage.INELIGIBLE: _NOBODY,
        Stage.WITHDRAWN: _NOBODY,
        Stage.NOT_ADMITTED: _NOBODY,
        Stage.DEFERRED: "a nomination in a later cohort",
    }
)
"""Who can move a nomination on from each stage, and by which command."""
