"""Identifiers: distinct types, none of which says anything about a person."""

from typing import Annotated, NewType

from pydantic import StringConstraints

CohortId = NewType("CohortId", str)
"""A cohort's short name, such as ``pilot``; lower-case letters, digits and hyphens."""

NominationId = NewType("NominationId", str)
"""``<cohort>-<number>``, such as ``pilot-0042``: short enough to be read out on the telephone."""

AssessorId = NewType("AssessorId", str)
"""The register's reference for an assessor, such as ``A-017``."""

AssessmentId = NewType("AssessmentId", str)
"""``<nomination>.<assessor>``: an assessor never sits twice on one nomination."""

PersonId = NewType("PersonId", str)
"""A random identifier, ``p-`` and 12 hexadecimal digits."""

OrganisationCode = NewType("OrganisationCode", str)
"""An ODS code, such as ``R1D`` or ``05A``."""

CohortName = Annotated[CohortId, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]

SYSTEM = PersonId("system")
"""The actor of what a workflow does by itself, such as a reminder or a deadline."""


def assessment_id(nomination: NominationId, assessor: AssessorId) -> AssessmentId:
    """The one assessment this assessor can have on this nomination."""
    return AssessmentId(f"{nomination}.{assessor}")


def nomination_of(assessment: AssessmentId) -> NominationId:
    """The nomination an assessment belongs to."""
    return NominationId(assessment.split(".", 1)[0])


def assessor_of(assessment: AssessmentId) -> AssessorId:
    """The assessor an assessment belongs to."""
    return AssessorId(assessment.split(".", 1)[1])


def cohort_workflow(cohort: CohortId) -> str:
    """The id of the cohort's workflow."""
    return f"cohort/{cohort}"


def allocation_workflow(cohort: CohortId) -> str:
    """The id of the workflow that seats the cohort's panels."""
    return f"allocation/{cohort}"


def nomination_workflow(nomination: NominationId) -> str:
    """The id of the nomination's workflow."""
    return f"nomination/{nomination}"


def assessment_workflow(assessment: AssessmentId) -> str:
    """The id of the assessment's workflow."""
    return f"assessment/{assessment}"
