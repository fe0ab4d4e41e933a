"""A cohort's policy, read from the version it is run by."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.policy import Policy
from models.tables import Cohort, PolicyVersion

_read: dict[str, Policy] = {}
"""Policies by fingerprint: a version never changes, so reading it once for each process is enough."""


class CohortMissingError(LookupError):
    """There is no cohort of this name."""


async def policy_of(session: AsyncSession, cohort: str) -> Policy:
    """The policy a cohort is run by.

    Raises:
        CohortMissingError: There is no such cohort.
    """
    rows = await session.exec(
        select(PolicyVersion)
        .join(Cohort, col(Cohort.id) == col(PolicyVersion.cohort_id))
        .where(col(Cohort.id) == cohort, col(PolicyVersion.version) == col(Cohort.policy_version))
    )
    version = rows.one_or_none()
    if version is None:
        raise CohortMissingError(f"There is no cohort '{cohort}': open one, or look up its name.")
    policy = _read.get(version.sha256)
    if policy is None:
        policy = _read[version.sha256] = Policy.model_validate(version.document)
    return policy
