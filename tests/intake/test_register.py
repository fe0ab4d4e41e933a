"""Bringing files in: the same file twice changes nothing, a changed file changes what it says."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from intake.files import read_applications, read_assessors, read_nominations, read_officers, read_organisations
from intake.known import Wanted, upsert_people
from intake.nominations import import_applications, import_declared_conflicts, plan_nominations
from intake.problems import BadFile
from intake.register import Imported, import_assessors, import_officers, import_organisations
from models.enums import AssessmentStage, Role, Stage
from models.ids import PersonId
from models.messages import THE_SYSTEM, By
from models.tables import (
    ApplicationDraft,
    Assessment,
    Assessor,
    AuditEvent,
    Availability,
    Cohort,
    DeclaredConflict,
    EarlierPost,
    Nomination,
    Person,
    RoleGrant,
)
from storage import audit
from storage.engine import sessions
from tests.intake.filled import (
    APPLICATION,
    ASSESSOR,
    AT,
    CRITERIA,
    NOMINATION,
    OFFICER,
    ORGANISATION,
    PILOT,
    nomination,
    prepare,
    stored,
    written,
)


async def _cohort(session: AsyncSession) -> Cohort:
    return (await session.exec(select(Cohort))).one()


async def test_pilot_files_imported_twice_change_nothing(session: AsyncSession):
    await prepare(session)
    assessors = read_assessors(PILOT / "assessors.csv")
    nominations = read_nominations(PILOT / "nominations.csv")
    applications = read_applications(PILOT / "applications.csv", CRITERIA)

    async def everything() -> list[Imported]:
        return [
            await import_organisations(session, read_organisations(PILOT / "organisations.csv"), AT),
            await import_officers(session, read_officers(PILOT / "officers.csv"), AT),
            await import_assessors(session, "pilot", assessors, AT),
            await import_applications(session, "pilot", applications, AT),
            await import_declared_conflicts(session, "pilot", assessors, AT),
        ]

    await import_officers(session, read_officers(PILOT / "officers.csv"), AT)
    plan = await plan_nominations(session, await _cohort(session), nominations)
    people = await upsert_people(session, [Wanted(row.nominee_email, row.nominee_name, "") for row in plan.to_make])
    for row in plan.to_make:
        made = nomination(row.reference, people.by_address[row.nominee_email])
        made.route = row.route
        session.add(made)
    await session.commit()

    first = await everything()
    await session.commit()
    before = await stored(session)
    second = await everything()
    again = await plan_nominations(session, await _cohort(session), nominations)
    await session.commit()

    assert (len(plan.to_make), plan.unchanged) == (120, 0)
    assert first == [
        Imported(unchanged=125),
        Imported(unchanged=54),
        Imported(new=81),
        Imported(new=120),
        Imported(new=7),
    ]
    assert second == [Imported(unchanged=count) for count in (125, 54, 81, 120, 7)]
    assert (again.to_make, again.unchanged) == ((), 120)
    assert await stored(session) == before


async def test_upsert_people_keeps_the_name_of_who_is_known(session: AsyncSession):
    known = Person(full_name="Siân Featherby", email="sian.featherby@example.nhs.test", post="Chief Executive")
    bare = Person(full_name="Eve Oakeshott", email="eve.oakeshott@example.nhs.test", post="")
    session.add_all([known, bare])
    await session.flush()
    typed = [Wanted("Sian.Featherby@example.nhs.test", "Somebody Else", "Porter"), Wanted(bare.email, "E", "Nurse")]

    people = await upsert_people(session, typed)

    assert [one.id for one in people.by_address.values()] == [known.id, bare.id]
    assert (known.full_name, known.post) == ("Siân Featherby", "Chief Executive")
    assert (bare.full_name, bare.post) == ("Eve Oakeshott", "Nurse")
    assert people.changed == frozenset()


async def test_upsert_people_corrects_names_for_the_registers_keepers(session: AsyncSession):
    known = Person(full_name="Sian Fetherby", email="sian.featherby@example.nhs.test", post="Chief Executive")
    session.add(known)
    await session.flush()

    people = await upsert_people(session, [Wanted(known.email, "Siân Featherby", "")], correct=True)

    assert (known.full_name, known.post) == ("Siân Featherby", "Chief Executive")
    assert people.changed == {known.email}


async def test_import_rolled_back_leaves_nothing(session: AsyncSession):
    await prepare(session)
    before = await stored(session)

    imported = await import_assessors(session, "pilot", read_assessors(PILOT / "assessors.csv"), AT)
    await session.rollback()

    assert imported == Imported(new=81)
    assert await stored(session) == before


async def test_import_organisations_renamed_is_changed_with_before_and_after(session: AsyncSession):
    await import_organisations(session, read_organisations(written(ORGANISATION)), AT)

    imported = await import_organisations(
        session, read_organisations(written({**ORGANISATION, "name": "Shropshire Care"})), AT
    )

    event = (await session.exec(select(AuditEvent).where(AuditEvent.what == "organisation_changed"))).one()
    assert imported == Imported(changed=1)
    assert event.before is not None
    assert event.after is not None
    assert (event.before["name"], event.after["name"]) == (ORGANISATION["name"], "Shropshire Care")


async def test_import_officers_address_in_capitals_is_the_same_person(session: AsyncSession):
    await prepare(session)
    await import_officers(session, read_officers(written(OFFICER)), AT)

    imported = await import_officers(
        session, read_officers(written({**OFFICER, "email": OFFICER["email"].upper()})), AT
    )

    people = await session.exec(
        select(func.count()).select_from(Person).where(Person.full_name == OFFICER["full_name"])
    )
    assert imported == Imported(unchanged=1)
    assert people.one() == 1


async def test_import_officers_gives_nobody_a_role_of_their_own_making(session: AsyncSession):
    await prepare(session)
    await import_officers(session, read_officers(written({**OFFICER, "role": "operations", "organisation": ""})), AT)
    person = (await session.exec(select(Person).where(Person.full_name == OFFICER["full_name"]))).one()
    by = By(person=PersonId(person.id), role=Role.OPERATIONS)
    held = {**OFFICER, "role": "operations", "organisation": ""}
    other = {**held, "full_name": "Ann Other", "email": "ann.other@example.nhs.test", "role": "board"}
    board = {**held, "email": OFFICER["email"].upper(), "role": "board"}

    again = await import_officers(session, read_officers(written(held, other)), AT, by=by)
    with pytest.raises(BadFile) as refused:
        await import_officers(session, read_officers(written(held, other, board)), AT, by=by)
    by_the_first = await import_officers(session, read_officers(written(board)), AT)

    assert again == Imported(new=1, unchanged=1)
    assert [(one.line, one.column) for one in refused.value.problems] == [(4, "email")]
    assert "Nobody gives themselves a role" in refused.value.problems[0].sentence
    assert by_the_first == Imported(new=1)


async def test_import_officers_new_name_and_role_are_taken(session: AsyncSession):
    await prepare(session)
    await import_officers(session, read_officers(written(OFFICER)), AT)

    imported = await import_officers(
        session,
        read_officers(
            written(
                {**OFFICER, "full_name": "Usha Raistrick-Gill"},
                {**OFFICER, "full_name": "Usha Raistrick-Gill", "role": "board", "organisation": ""},
            )
        ),
        AT,
    )

    person = (await session.exec(select(Person).where(Person.email == OFFICER["email"]))).one()
    grants = (await session.exec(select(RoleGrant).where(RoleGrant.person_id == person.id))).all()
    assert imported == Imported(new=1, changed=1)
    assert person.full_name == "Usha Raistrick-Gill"
    assert {(grant.role.value, grant.organisation_code) for grant in grants} == {("nominator", "R1D"), ("board", "")}


async def test_import_assessors_changed_row_becomes_what_the_file_says(session: AsyncSession):
    await prepare(session)
    await import_assessors(session, "pilot", read_assessors(written(ASSESSOR)), AT)
    changed = {
        **ASSESSOR,
        "capacity": "4",
        "previous_organisations": "06D 2017-01-31",
        "availability": "2018-10-01 to 2018-10-14;2018-11-01 to 2018-11-30",
    }

    imported = await import_assessors(session, "pilot", read_assessors(written(changed)), AT)

    assessor = (await session.exec(select(Assessor))).one()
    posts = (await session.exec(select(EarlierPost))).all()
    days = (await session.exec(select(Availability).order_by(Availability.from_day))).all()
    assert imported == Imported(changed=1)
    assert assessor.capacity == 4
    assert [(post.organisation_code, str(post.left_on)) for post in posts] == [("06D", "2017-01-31")]
    assert [(str(stretch.from_day), str(stretch.until_day)) for stretch in days] == [
        ("2018-10-01", "2018-10-14"),
        ("2018-11-01", "2018-11-30"),
    ]


async def test_import_assessors_reference_of_somebody_else_is_refused(session: AsyncSession):
    await prepare(session)
    await import_assessors(session, "pilot", read_assessors(written(ASSESSOR)), AT)

    with pytest.raises(BadFile) as refused:
        await import_assessors(
            session, "pilot", read_assessors(written({**ASSESSOR, "email": "new@example.nhs.test"})), AT
        )

    assert [(problem.line, problem.column) for problem in refused.value.problems] == [(2, "reference")]


async def test_import_assessors_person_under_another_reference_is_refused(session: AsyncSession):
    await prepare(session)
    await import_assessors(session, "pilot", read_assessors(written(ASSESSOR)), AT)

    with pytest.raises(BadFile) as refused:
        await import_assessors(session, "pilot", read_assessors(written({**ASSESSOR, "reference": "A-901"})), AT)

    assert refused.value.problems[0].sentence == "This address is registered as A-900. Use that reference."


async def test_import_assessors_capacity_below_what_is_held_is_refused(session: AsyncSession):
    await prepare(session)
    await import_assessors(session, "pilot", read_assessors(written(ASSESSOR)), AT)
    seated = (await session.exec(select(Nomination))).one()
    session.add(
        Assessment(
            id=f"{seated.id}.A-900",
            cohort_id="pilot",
            nomination_id=seated.id,
            assessor_id="A-900",
            run=1,
            seated_at=AT,
            stage=AssessmentStage.ACCEPTED,
            stage_since=AT,
        )
    )
    await session.flush()

    with pytest.raises(BadFile) as refused:
        await import_assessors(session, "pilot", read_assessors(written({**ASSESSOR, "capacity": "0"})), AT)

    assert [(problem.line, problem.column) for problem in refused.value.problems] == [(2, "capacity")]
    assert "already holds 1 " in refused.value.problems[0].sentence


async def test_import_applications_changed_field_gets_a_new_revision(session: AsyncSession):
    await prepare(session)
    await import_applications(session, "pilot", read_applications(written(APPLICATION), CRITERIA), AT)
    changed = {**APPLICATION, "partnerships": "We shared one plan.", "development_needs": ""}

    imported = await import_applications(session, "pilot", read_applications(written(changed), CRITERIA), AT)

    drafts = {draft.field: draft for draft in (await session.exec(select(ApplicationDraft))).all()}
    assert imported == Imported(changed=1)
    assert (drafts["partnerships"].content, drafts["partnerships"].revision) == ("We shared one plan.", 2)
    assert (drafts["development_needs"].content, drafts["development_needs"].revision) == ("Finance.", 1)
    assert (drafts["next_step_executive"].content, drafts["next_step_executive"].revision) == ("no", 1)
    assert "adjustments" not in drafts


async def test_import_applications_after_submission_takes_only_what_is_the_same(session: AsyncSession):
    await prepare(session)
    rows = read_applications(written(APPLICATION), CRITERIA)
    await import_applications(session, "pilot", rows, AT)
    (await session.exec(select(Nomination))).one().stage = Stage.SCREENING
    await session.flush()

    same = await import_applications(session, "pilot", rows, AT)
    with pytest.raises(BadFile) as refused:
        await import_applications(
            session, "pilot", read_applications(written({**APPLICATION, "partnerships": "Later."}), CRITERIA), AT
        )

    assert same == Imported(unchanged=1)
    assert "can no longer be changed" in refused.value.problems[0].sentence


async def test_import_declared_conflicts_other_kind_is_changed(session: AsyncSession):
    await prepare(session)
    rows = read_assessors(written({**ASSESSOR, "declared_conflicts": "R1D-80 mentoring"}))
    await import_assessors(session, "pilot", rows, AT)
    first = await import_declared_conflicts(session, "pilot", rows, AT)

    second = await import_declared_conflicts(
        session, "pilot", read_assessors(written({**ASSESSOR, "declared_conflicts": "R1D-80 family"})), AT
    )

    kept = (await session.exec(select(DeclaredConflict))).one()
    assert (first, second) == (Imported(new=1), Imported(changed=1))
    assert (kept.assessor_id, kept.kind) == ("A-900", "family")


async def test_import_declared_conflicts_of_no_nomination_is_refused(session: AsyncSession):
    await prepare(session)
    rows = read_assessors(written({**ASSESSOR, "declared_conflicts": "R1D-80 family;R1D-77 family"}))
    await import_assessors(session, "pilot", rows, AT)

    with pytest.raises(BadFile) as refused:
        await import_declared_conflicts(session, "pilot", rows, AT)

    problem = refused.value.problems[0]
    assert (problem.line, problem.column, problem.value_shown) == (2, "declared_conflicts", "R1D-77")
    assert (await session.exec(select(DeclaredConflict))).all() == []


async def test_plan_nominations_self_where_the_policy_forbids_it_is_refused(session: AsyncSession):
    await prepare(session, self_nomination=False)
    row = {**NOMINATION, "route": "self", "nominator_email": ""}

    with pytest.raises(BadFile) as refused:
        await plan_nominations(session, await _cohort(session), read_nominations(written(row)))

    assert [(problem.line, problem.column) for problem in refused.value.problems] == [(2, "route")]


async def test_plan_nominations_writes_nothing(session: AsyncSession):
    await prepare(session)
    before = await stored(session)

    plan = await plan_nominations(session, await _cohort(session), read_nominations(written(NOMINATION)))
    await session.commit()

    assert [row.reference for row in plan.to_make] == ["R1D-90"]
    assert await stored(session) == before


async def test_import_waits_for_a_step_without_holding_up_the_audit_chain(session: AsyncSession, engine: AsyncEngine):
    await prepare(session)
    assessors = read_assessors(PILOT / "assessors.csv")[:5]
    await import_assessors(session, "pilot", assessors, AT)
    await session.commit()
    changed = [row.model_copy(update={"capacity": row.capacity + 1}) for row in assessors]

    async with sessions(engine)() as step, sessions(engine)() as importing:
        last = select(Assessor).where(Assessor.id == changed[-1].reference).with_for_update()
        (await step.exec(last)).one()
        bringing = asyncio.create_task(import_assessors(importing, "pilot", changed, AT))
        await _until_somebody_waits(session)
        # The step ends as every step does. If the import held the chain by now, this would be a deadlock.
        await audit.append(
            step, at=AT, actor=THE_SYSTEM.person, role=THE_SYSTEM.role, what="stepped", subject="assessor/x"
        )
        await step.commit()
        imported = await bringing
        await importing.commit()

    kept = (await session.exec(select(AuditEvent.what).order_by(AuditEvent.position))).all()
    subjects = (await session.exec(select(AuditEvent.subject).order_by(AuditEvent.position))).all()
    assert imported == Imported(changed=5)
    assert list(kept[-6:]) == ["stepped", *["assessor_changed"] * 5]
    assert list(subjects[-5:]) == [f"assessor/pilot/{row.reference}" for row in changed]


async def _until_somebody_waits(session: AsyncSession) -> None:
    """Until a backend of this database waits for another's lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(30):
        while not (await (await session.connection()).execute(waiting)).scalar_one():
            # A transaction sees the activity of its beginning.
            await session.rollback()
            await asyncio.sleep(0.01)
    await session.rollback()


async def test_audit_events_of_an_import_hold_nothing_personal(session: AsyncSession):
    await prepare(session)
    await import_officers(session, read_officers(written(OFFICER)), AT)
    await import_assessors(session, "pilot", read_assessors(written(ASSESSOR)), AT)
    await import_applications(session, "pilot", read_applications(written(APPLICATION), CRITERIA), AT)
    await session.commit()

    rows = await stored(session)

    events = " ".join(rows["auditevent"])
    assert "assessor_imported" in events
    for personal in ("Featherby", "featherby", "Raistrick", "raistrick", "I led the work"):
        assert any(personal in row for name, table in rows.items() if name != "auditevent" for row in table)
        assert personal not in events
