"""What a moderator's pages keep from them, planted first so that it could show."""

from datetime import UTC, datetime

import pytest

from acts.errors import RefusedError
from models.enums import Role, Stage
from models.ids import AssessmentId, PersonId
from models.messages import By
from models.tables import Application, EqualityAnswer, RoleGrant
from tests.portal.conftest import A_Visit
from tests.portal.moderators.test_locks import acts_at_time, flagged
from tests.workflows.rig import CohortRig, Rig

PAGES = ("/quality/{}", "/quality?cohort={}", "/quality/sample?cohort={}", "/quality/screening/{}")


async def granted(rig: Rig, person: PersonId) -> By:
    """Makes somebody a moderator as well."""
    async with rig.sessions.begin() as session:
        session.add(RoleGrant(person_id=person, role=Role.MODERATOR, granted_at=datetime.now(UTC)))
    return By(person=person, role=Role.MODERATOR)


async def test_scores_at_work_are_not_shown(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    (first, second, _) = await case.offered()
    await case.score(first)
    await case.accept(second)
    await case.save_scores(second, 3, evidence="Words nobody has submitted yet, enough to count.")
    visit = await a_visit(rig.moderator)

    page = await visit.get(f"/quality/{case.id}")

    assert "She led the merger" in page.words
    assert "Words nobody has submitted yet" not in page.words
    assert "accepted and being scored" in page.words


async def test_redacted_application_is_read_as_the_panel_read_it(
    rig: Rig, cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await flagged(cohort)
    criterion = cohort.policy.scoring.criteria[0].code
    async with rig.sessions.begin() as session:
        session.add(
            Application(
                nomination_id=case.id,
                version=2,
                content={criterion: "At Barchester I led the merger."},
                sha256="0" * 64,
                submitted_at=datetime.now(UTC),
                redacted={criterion: "At [organisation] I led the merger."},
            )
        )
    visit = await a_visit(rig.moderator)

    page = await visit.get(f"/quality/{case.id}")

    assert "At [organisation] I led the merger." in page.words
    assert "Barchester" not in page.text


async def test_equality_answers_are_on_no_page(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    async with rig.sessions.begin() as session:
        session.add(
            EqualityAnswer(
                person_id=case.nominee.person,
                cohort_id=cohort.id,
                question="religion",
                answers=["zoroastrian-planted"],
                saved_at=datetime.now(UTC),
            )
        )
    visit = await a_visit(rig.moderator)

    for path in PAGES:
        page = await visit.get(path.format(cohort.id if "=" in path else case.id))

        assert page.status == 200
        assert "zoroastrian-planted" not in page.text, path


async def test_nobody_moderates_their_own_nomination(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await flagged(cohort)
    nominee = await granted(rig, case.nominee.person)
    visit = await a_visit(nominee)

    page = await visit.get(f"/quality/{case.id}")
    listed = await visit.get(f"/quality?cohort={cohort.id}")
    screening = await visit.get(f"/quality/screening/{case.id}")

    assert (page.status, screening.status) == (404, 404)
    assert f"/quality/{case.id}" not in listed.links
    with pytest.raises(RefusedError, match=r"own nomination|You are the nominee or on the panel"):
        await acts_at_time(rig).start(case.id, nominee)


async def test_nobody_moderates_a_panel_they_sit_on(rig: Rig, cohort: CohortRig, a_visit: A_Visit) -> None:
    case, other = await flagged(cohort), await cohort.nominate()
    assessor = await case.assessor(AssessmentId((await case.panel())[0].id))
    visit = await a_visit(await granted(rig, assessor.person))

    on_it = await visit.get(f"/quality/{case.id}")
    elsewhere = await visit.get(f"/quality/{other.id}")

    assert (on_it.status, elsewhere.status) == (404, 200)
