"""The search attributes operations filter by: typed, registered at start, written when a stage changes."""

from temporalio.common import SearchAttributeKey

STAGE = SearchAttributeKey.for_keyword("Stage")
COHORT = SearchAttributeKey.for_keyword("Cohort")
ORGANISATION = SearchAttributeKey.for_keyword("Organisation")
DUE_AT = SearchAttributeKey.for_datetime("DueAt")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("NeedsAttention")

ALL = (STAGE, COHORT, ORGANISATION, DUE_AT, NEEDS_ATTENTION)
