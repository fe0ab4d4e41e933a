"""The events of the audit trail in words, as what happened: shown in timelines and in the trail itself."""

from typing import Final

from portal.words import plain

_WORDS: Final = {
    "consent": "Consented",
    "decline": "Declined",
    "submit": "Application sent",
    "pass_screening": "Passed screening",
    "fail_screening": "Did not pass screening",
    "seat_panel": "Panel seated",
    "complete_scores": "Scores completed",
    "ask_for_more": "More asked of the panel",
    "confirm_quality": "Scores confirmed",
    "decide": "Decision approved",
    "reopen_decision": "Decision reopened",
    "release_admitted": "Decision released",
    "release_reserved": "Decision released",
    "release_not_admitted": "Decision released",
    "promote": "Moved up from the reserve list",
    "lapse": "Lapsed",
    "withdraw": "Withdrawn",
    "defer": "Put off to a later cohort",
    "readmit": "Let back in",
    "screened": "Eligibility rules applied",
    "checked": "Quality rules applied",
    "officer_imported": "Role given",
    "officer_changed": "Role changed",
    "officer_revoked": "Role withdrawn",
    "message_resent": "Message sent again",
}


def event_words(what: str) -> str:
    """An event as what happened: ``pass_screening`` as ``Passed screening``."""
    return _WORDS.get(what, plain(what))
