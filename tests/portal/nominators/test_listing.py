from models.messages import By
from portal.words import moment
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig


async def test_own_nominations_show_where_they_stand_what_is_next_and_when(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate(full_name="Ada Quill")
    row = await case.row()

    page = await (await a_visit(rig.nominator)).get("/organisation", params={"stage": "nominated"})

    assert page.status == 200
    assert "Ada Quill" in page.words
    assert "The nominee says whether they agree to be nominated." in page.words
    assert f"They have until {moment(row.due_at)}." in page.words
    assert f"/organisation/nominations/{case.id}" in page.links


async def test_nominations_of_another_organisation_are_not_there(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit, stranger: By
) -> None:
    case = await cohort.nominate(full_name="Ada Quill")
    visit = await a_visit(stranger)

    listed = await visit.get("/organisation")
    opened = await visit.get(f"/organisation/nominations/{case.id}")

    assert "Ada Quill" not in listed.text
    assert "No nominations yet" in listed.words
    assert opened.status == 404
