"""Values that a role may not see are planted, and searched for in everything that role can reach or guess."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlmodel import col, select

from models.enums import DecisionReason, Outcome, Role, Stage
from models.ids import AssessmentId, PersonId
from models.messages import By
from models.tables import Assessor, EqualityAnswer, Person, RoleGrant
from portal.visitors import HOMES
from tests.portal.conftest import A_Visit
from tests.portal.crawling import crawled
from tests.portal.nominees.oneself import a_complete_draft, as_nominee, newcomer
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import ELSEWHERE, Case, CohortRig, Rig

OUTSIDER = By(person=PersonId("p-0000000000b1"), role=Role.NOMINATOR)
NAME, ADDRESS = "Quillon Marchbanks", "quillon.marchbanks@example.nhs.test"
ENDORSED, WRITTEN, ADJUSTED = "plantedendorsement", "plantedstatement", "plantedadjustment"
DECIDED, FIRST, SECOND = "plantedevidencedecided", "plantedevidencefirst", "plantedevidencesecond"
BEGUN_NAME, BEGUN_POST = "Ottoline Begunbyherself", "plantedposttypedandnotsent"
NOTE, EQUALITY = "planteddecisionnote", "plantedequalityanswer"
DRAFTED = "below_standard"
REST = "with all that came of it for patients there over many months as her colleagues say of her work"
ABOUT_HER = frozenset({NAME, ADDRESS, ENDORSED, WRITTEN, ADJUSTED, DECIDED, NOTE, EQUALITY})
"""Everything about the nominee whose decision is drafted."""
UNSENT = frozenset({BEGUN_NAME, BEGUN_POST})
"""What somebody has typed who has begun to nominate themselves, and has not sent it."""


@dataclass(frozen=True)
class Planted:
    """A nomination whose decision is drafted; and one whose panel is scoring, of which the first has submitted."""

    cohort: CohortRig
    decided: Case
    scoring: Case
    panel: frozenset[str]
    first: By
    second: By
    strange: By
    begun: str
    beginner: By

    @property
    def ids(self) -> frozenset[str]:
        return frozenset({self.decided.id, self.scoring.id})


@pytest.fixture(scope="module")
async def planted(rig: Rig) -> Planted:
    cohort = await rig.cohort(assessors=16)
    decided = await cohort.nominate(full_name=NAME, email=ADDRESS, statement=ENDORSED)
    await applied(decided, WRITTEN, ADJUSTED)
    await decided.seat()
    decided_panel = await decided.offered(3)
    for one in decided_panel:
        await decided.accept(one)
        await decided.save_scores(one, 5, f"{DECIDED} {REST}")
        await decided.submit_scores(one)
    await decided.until(Stage.AWAITING_DECISION)
    # Twice: the second draft changes no outcome, and must be kept as well as the first.
    for _ in range(2):
        await rig.acts.board.draft_decision(
            decided.id, rig.member, Outcome.NOT_ADMITTED, DecisionReason.BELOW_STANDARD, note=NOTE
        )
    scoring = await cohort.nominate()
    await applied(scoring, "What I did and what came of it.", "None.")
    await scoring.seat()
    first, second, third = await scoring.offered(3)
    for one, words in ((first, FIRST), (second, SECOND)):
        await scoring.accept(one)
        await scoring.save_scores(one, 6, f"{words} {REST}")
    await scoring.submit_scores(first)
    await outside(rig, decided)
    beginner = await newcomer(rig)
    begun = await a_complete_draft(cohort, beginner, nominee_name=BEGUN_NAME, current_post=BEGUN_POST)
    seats = [*((decided, one) for one in decided_panel), *((scoring, one) for one in (first, second, third))]
    people = [(await case.assessor(one)).person for case, one in seats]
    names = frozenset([(await rig.get(Person, person)).full_name for person in people])
    return Planted(
        cohort,
        decided,
        scoring,
        names,
        await scoring.assessor(first),
        await scoring.assessor(second),
        await stranger(cohort, set(people)),
        begun,
        as_nominee(beginner),
    )


async def applied(case: Case, words: str, adjustments: str) -> None:
    """Consents and applies, with these words in every statement and on adjustments."""
    await case.consent()
    await case.save_application(words=words)
    await case.rig.acts.nominations.save_draft(case.id, case.nominee, {"adjustments": adjustments})
    await case.rig.acts.nominations.submit_application(case.id, case.nominee)
    await case.until(Stage.AWAITING_PANEL)


async def outside(rig: Rig, case: Case) -> None:
    """A nominator of another organisation, and an equality answer of the nominee."""
    now = datetime.now(UTC)
    async with rig.sessions.begin() as session:
        session.add(Person(id=OUTSIDER.person, full_name="Outsider", email="outsider@example.nhs.test"))
        await session.flush()
        session.add(
            RoleGrant(person_id=OUTSIDER.person, role=OUTSIDER.role, organisation_code=ELSEWHERE, granted_at=now)
        )
        session.add(
            EqualityAnswer(
                person_id=case.nominee.person,
                cohort_id=case.cohort.id,
                question="ethnic_group",
                answers=[EQUALITY],
                saved_at=now,
            )
        )


async def stranger(cohort: CohortRig, panels: set[PersonId]) -> By:
    """An assessor of the cohort who sits on neither panel."""
    people = await cohort.rig.all(select(Assessor.person_id).where(col(Assessor.cohort_id) == cohort.id))
    return By(person=PersonId(next(one for one in people if one not in panels)), role=Role.ASSESSOR)


def guesses(portal: FastAPI, planted: Planted, assessments: list[AssessmentId]) -> list[str]:
    """Every page's path with the planted nominations, their assessments and the cohort filled in."""
    known = {
        "nomination": sorted(planted.ids),
        "assessment": [str(one) for one in assessments],
        "cohort": [str(planted.cohort.id)],
        "run": ["1"],
        "draft": [planted.begun],
        "question": ["name", "post"],
    }
    found = []
    for context in iter_route_contexts(portal.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and "GET" in route.methods and not route.path.startswith("/api/"):
            names = list(route.param_convertors)
            filled = product(*(known.get(name, ["nothing"]) for name in names))
            found += [route.path.format_map(dict(zip(names, values, strict=True))) for values in filled]
    return found


async def reached(visit: Visit, portal: FastAPI, planted: Planted, by: By) -> list[Seen]:
    """Everything this visitor can reach by links, and everything they could guess."""
    rows = [*await planted.decided.panel(), *await planted.scoring.panel()]
    guessed = guesses(portal, planted, [AssessmentId(row.id) for row in rows])
    pages = await crawled(visit, portal, [HOMES[by.role], "/account"])
    return pages + [await visit.get(path) for path in guessed if path != "/signed-out"]


def forbidden(rig: Rig, planted: Planted) -> dict[str, tuple[By, frozenset[str]]]:
    """By who looks: what they must never see."""
    scores = frozenset({DECIDED, FIRST, SECOND})
    everything = ABOUT_HER | scores | planted.panel
    return {
        "nominator": (rig.nominator, scores | planted.panel | {WRITTEN, ADJUSTED, NOTE, EQUALITY}),
        "nominator elsewhere": (OUTSIDER, everything | planted.ids),
        "nominee": (planted.decided.nominee, scores | planted.panel | {NOTE, DRAFTED, planted.scoring.id}),
        "another nominee": (planted.scoring.nominee, everything | {planted.decided.id}),
        "assessor who submitted": (planted.first, ABOUT_HER | {SECOND, planted.decided.id}),
        "assessor who scores": (planted.second, ABOUT_HER | {FIRST, planted.decided.id}),
        "assessor of neither": (planted.strange, ABOUT_HER | scores | planted.ids),
        "moderator": (rig.moderator, frozenset({SECOND, NOTE, EQUALITY, ADDRESS})),
        "board": (rig.chair, frozenset({SECOND, EQUALITY, ADDRESS})),
        "operations": (rig.operations, scores | {WRITTEN, ADJUSTED, NOTE, EQUALITY}),
    }


WHO = (
    "nominator", "nominator elsewhere", "nominee", "another nominee", "assessor who submitted",
    "assessor who scores", "assessor of neither", "moderator", "board", "operations",
)  # fmt: skip


@pytest.mark.parametrize("who", WHO)
async def test_nobody_reaches_what_they_may_not_see(
    rig: Rig, planted: Planted, portal: FastAPI, a_visit: A_Visit, who: str
) -> None:
    by, values = forbidden(rig, planted)[who]
    values |= UNSENT
    visit = await a_visit(by)

    pages = await reached(visit, portal, planted, by)

    shown = {(page.path, value) for page in pages for value in values if value in page.text}
    echoed = {(path, value) for path, value in shown if value in path}
    assert shown - echoed == set()
    assert len(pages) > 5


async def test_inclusion_adviser_reaches_nobody(
    planted: Planted, portal: FastAPI, adviser: By, a_visit: A_Visit
) -> None:
    values = ABOUT_HER | planted.panel | {FIRST, SECOND} | UNSENT
    visit = await a_visit(adviser)

    pages = await reached(visit, portal, planted, adviser)

    assert {(page.path, value) for page in pages for value in values if value in page.text} == set()


async def test_who_is_not_signed_in_reaches_nothing(planted: Planted, portal: FastAPI, a_visit: A_Visit) -> None:
    visit = await a_visit()
    rows = await planted.decided.panel()

    pages = [await visit.get(path) for path in guesses(portal, planted, [AssessmentId(row.id) for row in rows])]

    values = ABOUT_HER | planted.panel | UNSENT
    letters = [page for page in pages if page.path != "/mailbox"]
    assert {(page.path, value) for page in letters for value in values if value in page.text} == set()


async def test_who_has_begun_to_nominate_themselves_reaches_their_own_words_and_nobody_elses(
    planted: Planted, portal: FastAPI, a_visit: A_Visit
) -> None:
    visit = await a_visit(planted.beginner)
    rows = await planted.decided.panel()

    pages = [await visit.get(path) for path in guesses(portal, planted, [AssessmentId(row.id) for row in rows])]

    values = ABOUT_HER | planted.panel | {DECIDED, FIRST, SECOND}
    shown = [page for page in pages if page.path != "/mailbox"]
    assert {(page.path, value) for page in shown for value in values if value in page.text} == set()
    assert {value for page in shown for value in UNSENT if value in page.text} == UNSENT


async def test_planted_values_are_shown_to_who_may_see_them(
    rig: Rig, planted: Planted, portal: FastAPI, a_visit: A_Visit
) -> None:
    """The search above could not fail if the values were nowhere."""
    seen = {}
    for who, by in (("nominator", rig.nominator), ("nominee", planted.decided.nominee), ("board", rig.chair)):
        pages = await reached(await a_visit(by), portal, planted, by)
        seen[who] = {value for page in pages for value in (NAME, WRITTEN, DECIDED, NOTE) if value in page.text}

    assert seen["nominator"] >= {NAME}
    assert seen["nominee"] >= {NAME, WRITTEN}
    assert seen["board"] >= {NAME, DECIDED, NOTE}
