"""Runs asked and verified: why, why not, and faults told by run."""

from sqlmodel import col, select

from models.enums import Stage
from models.tables import AllocationRun
from tests.cli.conftest import Answer, Starter
from tests.workflows.rig import Case, CohortRig, Rig, eventually

BY_HAND = {"allocation.released_by_operations": True}


async def proposal(rig: Rig, *, assessors: int = 8) -> tuple[CohortRig, Case]:
    """A cohort with one proposed run for one waiting nomination."""
    cohort = await rig.cohort(BY_HAND, assessors=assessors)
    case = await (await cohort.nominate()).reach(Stage.AWAITING_PANEL)
    await cohort.solve()
    query = select(AllocationRun.number).where(col(AllocationRun.cohort_id) == cohort.id)
    await eventually(lambda: rig.all(query), lambda found: len(found) == 1)
    return cohort, case


async def ask(starter: Starter, cohort: CohortRig, *words: str) -> Answer:
    return await starter("run", *words, "--cohort", cohort.id, "--as", cohort.rig.operations.person)


async def test_why_tells_what_a_seat_fits_and_what_another_would_cost(starter: Starter, rig: Rig) -> None:
    cohort, case = await proposal(rig)

    everybody = (await ask(starter, cohort, "why", "1", case.id, "--json")).document
    shown = (await ask(starter, cohort, "show", "1", "--json")).document
    seated = {one["assessor"] for one in everybody["answers"]}
    other = min(set(shown["loads"]) - seated)
    away = (await ask(starter, cohort, "why", "1", case.id, other, "--json")).document["answers"][0]
    told = await ask(starter, cohort, "why", "1", case.id, other)
    seat = await ask(starter, cohort, "why", "1", case.id, min(seated))

    assert seated == {one["assessor"] for one in shown["seats"]}
    assert all(one["seated"] and one["reasons"] and one["cost"] is None for one in everybody["answers"])
    assert (away["seated"], away["reasons"], away["cost"]["exact"]) == (False, [], True)
    # All assessors of this register fit alike.
    assert (away["cost"]["total"], away["cost"]["floor"]) == (0, away["cost"]["floor_now"])
    assert {"nomination": case.id, "assessor": other, "comes": True} in away["cost"]["moves"]
    assert "be worth as much as now" in told.said
    assert "No way of doing it costs less." in told.said
    assert "assessment 1 of at most 50" in seat.said


async def test_why_names_the_rule_that_bars(starter: Starter, rig: Rig) -> None:
    cohort, case = await proposal(rig, assessors=2)
    shown = (await ask(starter, cohort, "show", "1", "--json")).document
    assessor = min(shown["loads"])

    left = (await ask(starter, cohort, "why", "1", case.id, "--json")).document
    told = await ask(starter, cohort, "why", "1", case.id)
    barred = await ask(starter, cohort, "why", "1", case.id, assessor)

    assert (left["answers"], left["unstaffed"]) == ([], shown["unstaffed"][0]["reasons"])
    assert "seats nobody" in told.said
    assert f"{assessor} does not sit on the panel of {case.id}" in barred.said
    assert "the panel is left without seats" in barred.said


async def test_why_of_what_is_not_in_the_run_says_so(starter: Starter, rig: Rig) -> None:
    cohort, case = await proposal(rig)

    no_run = await ask(starter, cohort, "why", "9", case.id)
    no_nomination = await ask(starter, cohort, "why", "1", "nowhere-0001")
    no_assessor = await ask(starter, cohort, "why", "1", case.id, "A-999")
    board = await starter("run", "why", "1", case.id, "--cohort", cohort.id, "--as", rig.chair.person)

    assert [one.status for one in (no_run, no_nomination, no_assessor, board)] == [1, 1, 1, 1]
    assert "There is no run 9" in no_run.complained
    assert "not asked about nomination nowhere-0001" in no_nomination.complained
    assert "not asked about assessor A-999" in no_assessor.complained


async def test_tampered_run_is_told_by_its_number(starter: Starter, rig: Rig) -> None:
    cohort, case = await proposal(rig)
    command = ("verify", "allocation", "--cohort", cohort.id)
    seated = {one["assessor"] for one in (await ask(starter, cohort, "show", "1", "--json")).document["seats"]}
    sound = await starter(*command, "--json")
    await rig.spoil(
        "UPDATE allocationrun SET result = jsonb_set(result, '{proposal,certificate,floor}', '999999')"
        " WHERE cohort_id = :id",
        id=cohort.id,
    )

    claim = await starter(*command)
    await rig.spoil(
        "UPDATE proposedseat SET assessor_id = 'A-999' WHERE cohort_id = :id AND assessor_id = :who",
        id=cohort.id,
        who=min(seated),
    )
    swapped = await starter(*command, "--json")
    await rig.spoil("UPDATE allocationrun SET problem = '{}' WHERE cohort_id = :id", id=cohort.id)
    unreadable = await starter(*command, "--json")
    asked = await ask(starter, cohort, "why", "1", case.id)

    assert (sound.status, sound.document["runs"], sound.document["run_faults"]) == (0, 1, [])
    assert claim.status == 1
    assert "run 1: floor: " in claim.complained
    assert "run 1: floor: above its bound" in claim.complained
    assert (swapped.status, swapped.document["verified"]) == (1, False)
    assert {(one["run"], one["fault"]) for one in swapped.document["run_faults"]} >= {
        (1, f"{case.id}, {min(seated)}: proposed, but not among the seats kept"),
        (1, f"{case.id}, A-999: among the seats kept, but not proposed"),
    }
    assert [one["fault"] for one in unreadable.document["run_faults"]] == [
        "its question can no longer be read: it was changed since"
    ]
    assert (asked.status, "Run 1 can no longer be read" in asked.complained) == (1, True)


async def test_repair_shows_the_fewest_changes_and_makes_none(starter: Starter, rig: Rig) -> None:
    cohort = await rig.cohort()
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first, second, third = [one.split(".")[1] for one in await case.offered(3)]
    whole = await ask(starter, cohort, "repair")
    await rig.spoil("DELETE FROM availability WHERE assessor_id = :who", who=first)

    shown = (await ask(starter, cohort, "repair", "--json")).document
    told = await ask(starter, cohort, "repair")
    await starter(
        "assess", "accept", f"{case.id}.{second}", "--as", (await case.assessor((await case.offered(3))[1])).person
    )
    begun = (await ask(starter, cohort, "repair", "--json")).document

    assert "Nothing needs mending." in whole.said
    assert [(one["nomination"], one["went"], len(one["came"])) for one in shown["panels"]] == [(case.id, [first], 1)]
    assert not {first, second, third} & set(shown["panels"][0]["came"])
    assert (shown["given_up"], shown["fewest"], shown["unstaffed"]) == ([], 0, [])
    assert shown["before"]["seats"] == shown["after"]["seats"] == 3
    assert "1 seat would be filled in 1 panel. Nobody else would move." in told.said
    assert "is free on 0 of the days" in told.said
    assert (begun["panels"], begun["by_hand"][0]["assessor"]) == ([], first)
    assert sorted(one.assessor_id for one in await case.panel()) == [first, second, third]
