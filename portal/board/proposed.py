"""The proposed order, remembered for as long as it would come out the same."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from models.policy import Policy
from scoring.aggregate import Panel
from scoring.order import Placed, admission_cuts, propose_order
from storage.board_pages import Version, confirmed, order_version
from storage.panels import panels_of
from storage.policies import policy_of


@dataclass(frozen=True)
class Proposed:
    """The proposed order of a cohort.

    Attributes:
        placed: Every nomination with whole scores, in the proposed order.
        unscored: Confirmed nominations without whole scores, by id: they stand after all others.
        policy: What it was proposed by.
    """

    placed: tuple[Placed, ...]
    unscored: tuple[str, ...]
    policy: Policy

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Every nomination up for decision, from the first place to the last."""
        return (*(str(one.nomination) for one in self.placed), *self.unscored)

    @cached_property
    def by_nomination(self) -> dict[str, Placed]:
        """The lines by nomination."""
        return {str(one.nomination): one for one in self.placed}

    @cached_property
    def cuts(self) -> tuple[float, ...]:
        """The means at which the suggestion changes, in points of the scale."""
        return tuple(cut.at for cut in admission_cuts([one.mean for one in self.placed], self.policy))


_remembered: WeakKeyDictionary[async_sessionmaker[AsyncSession], dict[str, tuple[Version, Proposed]]]
_remembered = WeakKeyDictionary()


async def proposed_for(sessions: async_sessionmaker[AsyncSession], session: AsyncSession, cohort: str) -> Proposed:
    """The proposed order, of everybody who is up; for who may read it, who is not up for decision there themselves.

    It is worked out anew only when other nominations are up.
    """
    known = _remembered.setdefault(sessions, {})
    version = await order_version(session, cohort)
    found = known.get(cohort)
    if found is not None and found[0] == version:
        return found[1]
    policy = await policy_of(session, cohort)
    nominations = await confirmed(session, cohort)
    panels = await panels_of(session, nominations)
    proposed = await asyncio.to_thread(_propose, nominations, panels, policy)
    known[cohort] = (version, proposed)
    return proposed


def _propose(nominations: Sequence[str], panels: Sequence[Panel], policy: Policy) -> Proposed:
    whole = [panel for panel in panels if _is_whole(panel, policy)]
    scored = {str(panel.nomination) for panel in whole}
    unscored = tuple(one for one in nominations if one not in scored)
    return Proposed(propose_order(whole, policy), unscored, policy)


def _is_whole(panel: Panel, policy: Policy) -> bool:
    asked = {criterion.code for criterion in policy.scoring.criteria}
    return all(asked <= {score.criterion for score in one.scores} for one in panel.assessments)
