"""Why a nomination is with a moderator: flags of one kind and one assessor are said together."""

from datetime import UTC, datetime, timedelta

from models.enums import FlagRule
from models.ids import NominationId
from models.tables import Flag
from portal.moderators.reasons import why_here
from scoring.aggregate import Panel
from scoring.quality import flags
from tests.scoring.panels import ENOUGH, panel, policy_with

NAME = NominationId("pilot-0001")
RAISED = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOW = RAISED + timedelta(hours=3)
NAMES = {f"{NAME}.A-00{number}": f"Assessor {number}" for number in (1, 2, 3)}


def raised(scored: Panel) -> list[Flag]:
    """The flags that these scores raise, as they are stored."""
    found = flags(scored, policy_with("quality", audit_share=0.0), NAME)
    return [
        Flag(
            nomination_id=NAME,
            number=number,
            rule=one.rule,
            subject=one.subject,
            reason=one.reason,
            raised_at=RAISED + timedelta(minutes=number),
        )
        for number, one in enumerate(found, start=1)
    ]


def test_flags_of_one_kind_and_assessor_are_said_together() -> None:
    stored = raised(panel(NAME, [1] * 6, [7] * 6, [6] * 6, words=2))

    shown = why_here(stored, NAMES, NOW)

    assert len(stored) == 25
    assert [one.title for one in shown] == [
        "Little evidence: Assessor 1",
        "Little evidence: Assessor 2",
        "Little evidence: Assessor 3",
        "Scores far apart",
        "Means far apart",
    ]
    assert [len(one.each) for one in shown] == [6, 6, 6, 6, 0]
    assert shown[0].each[-1] == "Building a trusted relationship with partners and communities: 2 words"
    assert shown[0].sentence.endswith("There are fewer on 6 criteria:")
    assert shown[3].each[0].endswith(": 6 points")
    assert {one.waits for one in shown} == {"2 hours"}


def test_flag_by_itself_keeps_its_own_sentence() -> None:
    stored = raised(panel(NAME, [1] * 6, [4] * 6, [4] * 6, words=ENOUGH))[-1:]

    (shown,) = why_here(stored, NAMES, NOW)

    assert (shown.sentence, shown.each) == (stored[0].reason, ())


def test_reasons_in_other_words_are_listed_as_they_are() -> None:
    stored = raised(panel(NAME, [1] * 6, [7] * 6, [6] * 6, words=2))[:2]
    stored[1].reason = "Another sentence."

    (shown,) = why_here(stored, NAMES, NOW)

    assert (stored[0].rule, shown.sentence) == (FlagRule.EVIDENCE_THIN, "")
    assert shown.each == (stored[0].reason, "Another sentence.")
