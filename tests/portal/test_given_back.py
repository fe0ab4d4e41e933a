"""What a page that fails gives back of what was sent: in words, without what nobody typed."""

from collections.abc import Callable

import pytest
from fastapi import Request

from portal.assessors.scoring import save_scores
from portal.board.deciding import draft
from portal.board.ordering import check_order
from portal.given_back import in_words
from portal.moderators.settling import confirm, moderate
from portal.operations.watching.bulk import take
from tests.portal.assessors.seats import accepted
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig

MOST_OF_A_FIELD = 1024 * 1024


async def test_form_that_is_too_large_is_refused_in_our_words(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)
    page = await visit.get("/operations/import")
    boundary = "aboundary"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="what"\r\n\r\n'
        + "x" * (MOST_OF_A_FIELD + 1)
        + f"\r\n--{boundary}--\r\n"
    )

    answer = await visit.client.post(
        page.path,
        content=body.encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}", "Sec-Fetch-Site": "same-origin"},
    )

    assert (answer.status_code, "At most 1 MB of text can be sent at once" in answer.text) == (413, True)
    assert "Field exceeded" not in answer.text


async def test_form_that_cannot_be_read_is_refused_in_our_words(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)

    answer = await visit.client.post(
        "/operations/import",
        content=b"--",
        headers={"Content-Type": "multipart/form-data", "Sec-Fetch-Site": "same-origin"},
    )

    assert (answer.status_code, "What was sent could not be read" in answer.text) == (409, True)
    assert "boundary" not in answer.text


def given_back(endpoint: Callable[..., object], *sent: tuple[str, str]) -> list[tuple[str, str]]:
    """What a page says of a form that was sent to a route."""
    return in_words(Request({"type": "http", "endpoint": endpoint, "headers": []}), sent)


@pytest.mark.parametrize(
    ("endpoint", "sent", "shown"),
    [
        (
            draft,
            [("outcome", "not_admitted"), ("reason", "board_judgement"), ("as", "2026-11-23"), ("once", "key")],
            [("What the board decides", "Not admitted"), ("Reason", "Board judgement")],
        ),
        (draft, [("note", "not_admitted"), ("place", "")], [("Note", "not_admitted")]),
        (confirm, [("flags", "1"), ("flags", "2"), ("flags", "13")], [("Flags", "3 chosen")]),
        (
            save_scores,
            [("quality_outcomes.value", "3"), ("quality_outcomes.evidence", "Two words"), ("then", "check")],
            [("Quality outcomes: score", "3"), ("Quality outcomes: evidence", "Two words")],
        ),
        (
            moderate,
            [("score.pilot-0001.A-007.partnerships", "4"), ("_seen.pilot-0001.A-007.partnerships", "1")],
            [("Partnerships: score by A-007", "4")],
        ),
        (
            take,
            [("reason", "panels_would_wait"), ("until_day", "5"), ("until_month", "12"), ("until_year", "2026")],
            [("Reason", "Panels would wait"), ("Until", "5 12 2026")],
        ),
        (
            check_order,
            [("place.pilot-0001", "4"), ("was", "pilot-0001:2"), ("move", "")],
            [("Place of pilot-0001", "4")],
        ),
    ],
)
def test_what_was_sent_is_given_back_in_words(
    endpoint: Callable[..., object], sent: list[tuple[str, str]], shown: list[tuple[str, str]]
) -> None:
    assert given_back(endpoint, *sent) == shown


def test_field_that_no_page_writes_out_is_given_back_all_the_same() -> None:
    assert given_back(draft, ("something_new", "Typed with care")) == [("Something new", "Typed with care")]


async def test_who_was_signed_out_reads_what_they_typed_and_no_codes(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, one = await accepted(cohort)
    visit = await a_visit(await case.assessor(one))
    page = await visit.get(f"/assessments/{one}/scores")
    visit.client.cookies.clear()

    out = await page.submit(
        "/scores", {"quality_outcomes.value": "3", "quality_outcomes.evidence": "Typed words", "then": "check"}
    )

    assert (out.status, "Quality outcomes: evidence Typed words" in out.words) == (401, True)
    assert "Then" not in out.words.split()
    assert out.forms[-1].fields["quality_outcomes.evidence"] == ["Typed words"]
