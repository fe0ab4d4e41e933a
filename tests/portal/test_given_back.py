"""What a page that fails gives back of what was sent: in words, without what nobody typed."""

from tests.portal.conftest import A_Visit
from tests.workflows.rig import Rig

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
