"""What people do: what they typed is saved, and the workflow that it concerns is told, as one act.

The command line, the portal and simulated people all act through this room.
"""

from dataclasses import dataclass

from acts.assessments import AssessmentActs
from acts.board import BoardActs
from acts.cohorts import CohortActs
from acts.desk import Desk
from acts.nominations import NominationActs


@dataclass(frozen=True)
class Acts:
    """All acts, at one desk."""

    desk: Desk
    cohorts: CohortActs
    nominations: NominationActs
    assessments: AssessmentActs
    board: BoardActs


def acts_at(desk: Desk) -> Acts:
    """All acts, over one database and one Temporal client."""
    return Acts(desk, CohortActs(desk), NominationActs(desk), AssessmentActs(desk), BoardActs(desk))
