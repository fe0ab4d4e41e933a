"""A cohort's policy, read from the version it is run by."""

from sqlalchemy import ColumnElement, SQLColumnExpression, bindparam, exists, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.policy import Policy
from models.tables import Cohort, PolicyVersion
from storage.steps import table_of

_read: dict[str, Policy] = {}
"""Policies by fingerprint: a version never changes, so reading it once for each process is enough."""

_COHORT, _VERSION = table_of(Cohort), table_of(PolicyVersion)
_RUN_BY = (
    select(_VERSION.c.sha256)
    .join(_COHORT, _COHORT.c.id == _VERSION.c.cohort_id)
    .where(_COHORT.c.id == bindparam("cohort"), _VERSION.c.version == _COHORT.c.policy_version)
)
_DOCUMENT = select(_VERSION.c.document).where(
    _VERSION.c.cohort_id == bindparam("cohort"), _VERSION.c.sha256 == bindparam("fingerprint")
)


def names_are_hidden(cohort: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether the policy a cohort is run by hides names and organisations from its panels, as part of a query."""
    anonymous = func.jsonb_extract_path_text(_VERSION.c.document, "panel", "anonymous")
    return exists().where(
        _COHORT.c.id == cohort,
        _VERSION.c.cohort_id == _COHORT.c.id,
        _VERSION.c.version == _COHORT.c.policy_version,
        anonymous == "true",
    )


class CohortMissingError(LookupError):
    """There is no cohort of this name."""


async def policy_of(session: AsyncSession, cohort: str) -> Policy:
    """The policy a cohort is run by.

    Raises:
        CohortMissingError: There is no such cohort.
    """
    connection = await session.connection()
    fingerprint = (await connection.execute(_RUN_BY, {"cohort": cohort})).scalar_one_or_none()
    if fingerprint is None:
        raise CohortMissingError(f"There is no cohort '{cohort}': open one, or look up its name.")
    policy = _read.get(fingerprint)
    if policy is None:
        document = await connection.execute(_DOCUMENT, {"cohort": cohort, "fingerprint": fingerprint})
        policy = _read[fingerprint] = Policy.model_validate(document.scalars().first())
    return policy
