"""An assessor agrees that something they say of themselves is used to mix panels, or withdraws that.

Neither leaves an event in the audit trail: those who decide read the trail, and must not learn even that somebody
agreed. Withdrawing leaves nothing. A panel that was seated meanwhile stays: it counts from the next run on.
"""

from collections.abc import Collection

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, require
from acts.errors import NotKnownError, RefusedError
from models.enums import AssessorProperty
from models.ids import CohortId
from models.messages import By
from models.tables import Assessor
from rules.permissions import Act, Subject
from storage.own_properties import forget_properties, keep_properties
from storage.policies import policy_of


class OwnPropertyActs:
    """The assessor's own acts on what they say of themselves."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def agree(self, cohort: CohortId, by: By, properties: Collection[AssessorProperty]) -> None:
        """Keeps these properties, to mix panels by, in the place of those agreed to before.

        Raises:
            RefusedError: None is named, or one by which this cohort's panels are not mixed.
            NotKnownError: The person is not in the register of this cohort.
        """
        if not properties:
            raise RefusedError("Choose what applies to you, or withdraw: nothing is then kept.")
        async with self._desk.transaction() as session:
            row = await _own(session, cohort, by)
            used = (await policy_of(session, cohort)).allocation.mixed_properties
            if not set(properties) <= used:
                raise RefusedError("Choose from the list: this cohort's panels are mixed by nothing else.")
            await keep_properties(session, row, properties, self._desk.clock())

    async def withdraw(self, cohort: CohortId, by: By) -> None:
        """Deletes what the person agreed to; deleting what is not there changes nothing.

        Raises:
            NotKnownError: The person is not in the register of this cohort.
        """
        async with self._desk.transaction() as session:
            await forget_properties(session, await _own(session, cohort, by))


async def _own(session: AsyncSession, cohort: CohortId, by: By) -> Assessor:
    """The register's row of who acts, locked."""
    await require(session, by, Act.KEEP_AVAILABILITY, Subject(), cohort)
    found = await session.exec(
        select(Assessor)
        .where(col(Assessor.cohort_id) == cohort, col(Assessor.person_id) == by.person)
        .with_for_update(key_share=True)
    )
    row = found.one_or_none()
    if row is None:
        raise NotKnownError("You are not in the register of this cohort.")
    return row
