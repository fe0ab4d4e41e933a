"""What is missing or wrong in a nomination is said once for each answer, in words."""

from tests.portal.conftest import A_Visit
from tests.portal.nominators.conftest import a_complete_draft
from tests.workflows.rig import CohortRig, Rig


async def test_each_missing_answer_about_the_endorser_has_its_own_line_and_link(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    nothing = {"endorser_name": "", "endorser_email": "", "endorser_post": "", "endorsement": ""}
    draft = await a_complete_draft(rig, cohort, **nothing)
    check = await (await a_visit(rig.nominator)).get(f"/organisation/nominate/{draft}/check")

    sent = await check.submit("/send")

    lines = {
        "Enter the endorser’s full name": "#change-endorser",
        "Enter the endorser’s email address": "#change-endorser",
        "Choose the endorser’s post": "#change-endorser-post",
        "Enter why the endorser supports the nomination": "#change-endorsement",
    }
    assert sent.status == 422
    assert [sent.words.count(line) for line in lines] == [2, 2, 2, 2]
    assert [link for link in sent.links if link.startswith("#change-")] == list(lines.values())
    assert "fill this in" not in sent.words


async def test_invisible_character_is_said_by_the_words_before_it(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    draft = await a_complete_draft(rig, cohort)
    visit = await a_visit(rig.nominator)
    page = await visit.get(f"/organisation/nominate/{draft}/questions/name")
    said = "There is an invisible character that turns the direction of the text after “Zoe”."

    asked = await page.submit(None, nominee_name="Zoe\u202e Hill")
    saved = await visit.post(
        f"/organisation/nominate/{draft}/save", {"field": "nominee_name", "content": "Zoe\u202e Hill"}
    )

    assert (asked.status, said in asked.words, "U+202E" in asked.words) == (422, True, False)
    assert (saved.status, saved.response.json()["sentence"].startswith(said)) == (422, True)
