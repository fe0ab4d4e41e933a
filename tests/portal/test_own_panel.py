"""Who works in operations and is nominated, or has still to score, reaches nothing of that panel there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlmodel import col, select

from models.enums import PairKind, Role, Stage, SteerReason
from models.messages import By
from models.tables import Assessment, Assessor, BulkStep, OutboxMessage, PairRule, RoleGrant
from portal.exports import Format
from portal.visitors import HOMES
from storage.exported_rows import EXPORTS
from tests.portal.conftest import A_Visit
from tests.portal.crawling import crawled
from tests.portal.operations.keeping.test_export import taken
from tests.portal.visiting import Visit
from tests.workflows.rig import Case, CohortRig, Rig


@dataclass(frozen=True)
class Panels:
    """Two panels that score: of a nominee who works in operations; and one with an assessor who works there too."""

    cohort: CohortRig
    own: Case
    scored: Case
    scorer: By


@pytest.fixture(scope="module")
async def panels(rig: Rig) -> Panels:
    cohort = await rig.cohort(assessors=16)
    own = await cohort.nominate(full_name="Whoever", email=f"{rig.operations.person}@example.nhs.test")
    scored = await cohort.nominate(full_name="Nora Scored")
    for case in (own, scored):
        await case.reach(Stage.SCORING)
    assert own.nominee.person == rig.operations.person
    scorer = By(person=(await scored.assessor((await scored.offered(3))[0])).person, role=Role.OPERATIONS)
    now = datetime.now(UTC)
    async with rig.sessions.begin() as session:
        session.add(RoleGrant(person_id=scorer.person, role=Role.OPERATIONS, granted_at=now))
        session.add(
            BulkStep(
                id="b-own-panel",
                cohort_id=cohort.id,
                act="pause",
                person_id=rig.member.person,
                reason=SteerReason.OTHER,
                taken_at=now,
                lines={str(own.id): "It is scored", str(scored.id): "It is scored"},
            )
        )
        for case in (own, scored):
            asked = select(Assessment.assessor_id).where(col(Assessment.nomination_id) == case.id)
            free = select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id, col(Assessor.id).not_in(asked))
            session.add(
                PairRule(
                    nomination_id=case.id,
                    assessor_id=(await session.exec(free.limit(1))).one(),
                    cohort_id=cohort.id,
                    kind=PairKind.FORBIDDEN,
                    reason=SteerReason.OTHER,
                    set_by=rig.member.person,
                    set_at=now,
                )
            )
    return Panels(cohort, own, scored, scorer)


async def reached(rig: Rig, visit: Visit, portal: FastAPI, panels: Panels, about: Case) -> dict[str, str]:
    """By path, the text of everything that operations can reach, guess, search for or export about a nomination."""
    cohort = panels.cohort.id
    letters = await rig.all(select(OutboxMessage.id).where(col(OutboxMessage.nomination_id) == about.id))
    known: dict[str, list[str]] = {
        "nomination": [str(about.id)],
        "assessment": [row.id for row in await about.panel()],
        "cohort": [cohort],
        "run": ["1", "2"],
        "message": list(letters),
        "letter": list(letters),
        "step": ["b-own-panel"],
    }
    paths = [
        f"/operations/audit?subject={about.id}",
        f"/operations/audit?subject={known['assessment'][0]}",
        f"/operations/messages?cohort={cohort}",
        f"/operations/messages?nomination={about.id}",
        f"/operations/allocation/{cohort}/2/compare?other=1",
        f"/operations/allocation/{cohort}/1/compare?other=2",
        *(f"/operations/allocation/{cohort}/{run}/why?nomination={about.id}" for run in known["run"]),
        *(f"/operations/allocation/{cohort}/{run}/swap?nomination={about.id}" for run in known["run"]),
    ]
    for context in iter_route_contexts(portal.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and route.path.startswith("/operations"):
            names = list(route.param_convertors)
            filled = product(*(known.get(name, ["nothing"]) for name in names))
            paths += [route.path.format_map(dict(zip(names, values, strict=True))) for values in filled]
    pages = await crawled(visit, portal, [HOMES[Role.OPERATIONS]])
    pages += [await visit.get(path) for path in paths]
    assert [page.path for page in pages if page.status >= 500] == []
    texts = {page.path: page.text for page in pages}
    for what in EXPORTS:
        texts[f"export {what}"] = (await taken(visit, panels.cohort, what, Format.CSV)).decode()
    return texts


def told(texts: dict[str, str], about: Case, seats: list[Assessment]) -> set[str]:
    """Where operations read of the nomination, or that somebody sits on its panel; what they typed is given back."""
    seated = [words for row in seats for words in (f".{row.assessor_id}", f"{row.assessor_id}) sits on the panel")]
    found = set()
    for path, text in texts.items():
        said = text.replace(path.rpartition("=")[2], "") if "=" in path else text
        if path.startswith(("/operations", "export ")) and any(one in said for one in (about.id, *seated)):
            found.add(path)
    return found


@pytest.mark.parametrize("who", ["nominee", "assessor"])
async def test_operations_reach_nothing_of_the_panel_they_are_part_of(
    rig: Rig, panels: Panels, portal: FastAPI, a_visit: A_Visit, who: str
) -> None:
    by, kept, other = (
        (rig.operations, panels.own, panels.scored)
        if who == "nominee"
        else (panels.scorer, panels.scored, panels.own)
    )
    visit = await a_visit(by)

    texts = await reached(rig, visit, portal, panels, kept)
    others = await reached(rig, visit, portal, panels, other)

    assert told(texts, kept, await kept.panel()) == set()
    shown = told(others, other, await other.panel())
    assert shown >= {f"export {what}" for what in ("nominations", "assessments", "messages", "audit")}
    assert any(path.startswith(f"/operations/allocation/{panels.cohort.id}/") for path in shown)
    assert any("/pairs" in path for path in shown)
    assert any("b-own-panel" in path for path in shown)
    assert any("/operations/messages" in path for path in shown)
