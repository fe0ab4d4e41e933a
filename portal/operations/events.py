"""The events of the audit trail in words, as what happened: shown in timelines and in the trail itself."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from models.enums import ExtensionRefusal
from portal.words import plain

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # A nomination.
        "nominated": "Nominated",
        "let in late": "Let in late",
        "endorsed": "Endorsed",
        "consent": "Consented",
        "decline": "Declined by the nominee",
        "corrected their details": "Name or post corrected by the nominee",
        "submit": "Application sent",
        "screened": "Eligibility rules applied",
        "pass_screening": "Passed screening",
        "fail_screening": "Did not pass screening",
        "seat_panel": "Panel seated",
        "take_back_panel": "Panel taken back",
        "complete_scores": "Scores completed",
        "checked": "Quality rules applied",
        "moderation started": "A moderator began to look at the flags",
        "moderation left": "The moderator left the flags",
        "moderation taken over": "Another moderator took the flags over",
        "moderated": "Flags settled",
        "ask_for_more": "More asked of the panel",
        "asked for more": "More asked of the panel",
        "confirm_quality": "Scores confirmed",
        "decision drafted": "Decision drafted",
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
        "reminded": "Reminder sent",
        "window moved": "Window moved",
        "asked for more time": "Asked for more time",
        "more time refused": "More time refused",
        "extended": "Deadline moved",
        "paused": "Paused",
        "resumed": "Resumed",
        "reassigned": "Assessment taken back, to ask another assessor",
        "needs attention": "A step failed and needs attention",
        "goes on": "Goes on: nothing needs attention any more",
        "unblocked: retry": "Way out given: try the step again",
        "unblocked: skip": "Way out given: go on without the step",
        "unblocked: hand_over": "Handed over",
        # An assessment.
        "offered": "Asked to assess",
        "accepted": "Accepted",
        "declined": "Declined",
        "submitted": "Scores submitted",
        "returned": "Given back for more evidence",
        "overdue": "Told that the scores are late",
        "expired": "Time ran out",
        "stood down": "No longer needed",
        "taken back": "Request taken back",
        "conflict declared": "Conflict of interest declared",
        "conflict_imported": "Conflict of interest imported",
        "conflict_changed": "Conflict of interest changed",
        "pair pinned": "Pair pinned",
        "pair forbidden": "Pair forbidden",
        "pair lifted": "Pair no longer pinned or forbidden",
        # A cohort, and its allocation.
        "scheduled": "Cohort opened for its window",
        "open": "Window opened",
        "closed": "Window closed",
        "closed early": "Window closed early",
        "allocating": "Finding panels began",
        "scoring": "Scoring began",
        "quality_assurance": "Quality assurance began",
        "deciding": "Decisions began",
        "ended": "Ended",
        "solved": "Panels proposed",
        "released": "Decisions released",
        "discarded": "Proposal discarded",
        "undone": "Released panels taken back",
        "began a step for many": "Step for many begun",
        "exported": "Table exported",
        # The register, people and programs.
        "capacity": "Capacity changed",
        "interests": "Interests changed",
        "assessor_imported": "Assessor imported",
        "assessor_changed": "Assessor changed by an import",
        "organisation_imported": "Organisation imported",
        "organisation_changed": "Organisation changed by an import",
        "nomination_imported": "Nomination imported",
        "application_draft_imported": "Draft of an application imported",
        "application_draft_changed": "Draft of an application changed by an import",
        "officer_imported": "Role given",
        "officer_changed": "Role changed",
        "officer_revoked": "Role withdrawn",
        "email_corrected": "Email address corrected",
        "message_resent": "Message sent again",
        "token_made": "Token for a program made",
        "token_revoked": "Token for a program ended",
        "webhook_added": "Endpoint for events added",
        "webhook_removed": "Endpoint for events removed",
        "webhook_secret_renewed": "Secret of an endpoint renewed",
        "webhook_tested": "Endpoint tested",
    }
)
"""What each kind of event is called, in the order in which things happen."""
_REASONS: Final = {
    ExtensionRefusal.PANELS_WOULD_WAIT.value: "Panels have to begin, and cannot wait until then",
    ExtensionRefusal.GIVEN_BEFORE.value: "More time was given before",
    ExtensionRefusal.TIME_IS_LEFT.value: "The time that is left is enough",
    ExtensionRefusal.SAME_FOR_EVERYONE.value: "Everyone has the same deadline, and nothing sets this one apart",
    ExtensionRefusal.ROUND_GONE_TOO_FAR.value: "The round has gone too far to let somebody back in",
}


def event_words(what: str, after: Mapping[str, object] | None = None) -> str:
    """An event as what happened: ``pass_screening`` as ``Passed screening``; ``after`` tells a run from a cohort."""
    if what == "released" and after and "run" in after:
        return "Proposed panels released"
    return WORDS.get(what) or plain(what)


def reason_words(code: str) -> str:
    """A coded reason as people write it."""
    return _REASONS.get(code, plain(code))


def kinds_called(words: str) -> tuple[str, ...]:
    """The kinds of events that are called by these words; none where nothing is called so."""
    return tuple(what for what, called in WORDS.items() if called == words)
