from datetime import UTC, datetime, timedelta

from models.enums import CohortPhase
from models.tables import Nomination
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig

PATH = "/operations/late"
NOMINEE = {
    "organisation": "R1D",
    "nominee_name": "Late Comer",
    "current_post": "Deputy Director",
    "readiness": "ready_now",
    "endorser_name": "The Endorser",
    "endorser_email": "endorser@example.nhs.test",
    "endorser_post": "chief_executive",
    "endorsement": "I support this.",
    "reason": "illness",
}


async def a_closed_cohort(rig: Rig) -> CohortRig:
    cohort = await rig.cohort(closes_at=datetime.now(UTC) - timedelta(hours=5))
    await rig.spoil(
        "UPDATE cohort SET phase = :phase WHERE id = :one", phase=CohortPhase.SCORING.value, one=cohort.id
    )
    return cohort


async def test_late_nomination_is_let_in_by_two_people(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await a_closed_cohort(rig)
    visit = await a_visit(rig.operations)
    typed = {
        **NOMINEE,
        "cohort": cohort.id,
        "nominator": f"{rig.nominator.person}@example.nhs.test",
        "nominee_email": f"late.{cohort.id}@example.nhs.test",
    }

    done = await (await visit.get(f"{PATH}?cohort={cohort.id}")).submit(None, typed)
    row = await rig.get(Nomination, f"{cohort.id}-0001")

    assert done.path == f"/operations/nominations/{cohort.id}-0001/done/late"
    assert "The nominee gets an invitation within minutes" in done.words
    assert row.late_reason == "illness"
    assert row.nominated_by == rig.nominator.person


async def test_what_a_late_nomination_lacks_is_said_by_its_fields(rig: Rig, a_visit: A_Visit) -> None:
    cohort = await a_closed_cohort(rig)
    visit = await a_visit(rig.operations)

    page = await (await visit.get(f"{PATH}?cohort={cohort.id}")).submit(
        None, {**NOMINEE, "nominator": "nobody@example.nhs.test", "nominee_email": "not an address", "reason": []}
    )

    assert page.status == 422
    assert "Nobody who nominates for this organisation has this address" in page.words
    assert "Enter the nominee’s email address" in page.words
    assert "Choose a reason" in page.words
    assert page.form(PATH).fields["nominee_name"] == ["Late Comer"]


async def test_nomination_in_an_open_window_needs_nobodys_leave(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(cohort.rig.operations)
    typed = {
        **NOMINEE,
        "cohort": cohort.id,
        "nominator": f"{cohort.rig.nominator.person}@example.nhs.test",
        "nominee_email": f"early.{cohort.id}@example.nhs.test",
    }

    page = await (await visit.get(f"{PATH}?cohort={cohort.id}")).submit(None, typed)

    assert page.status == 422
    assert "The window is open: nominate without a reason." in page.words
