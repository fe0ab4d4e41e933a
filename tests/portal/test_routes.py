"""Every route says who may use it, and holds to it."""

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from sqlmodel import col, select

from models.enums import Role
from models.messages import By
from models.tables import Assessor
from portal.access import is_access
from tests.portal.conftest import A_Visit, assessor_of
from tests.workflows.rig import CohortRig

# What a route's path needs, so that it can be asked for; nothing of these names is there.
ANYWHERE = {"page": "privacy"}


def rules_of(dependant: Dependant) -> list[object]:
    """Every access rule a route depends on."""
    own = [dependant.call] if is_access(dependant.call) else []
    return own + [rule for below in dependant.dependencies for rule in rules_of(below)]


def path_of(route: APIRoute) -> str:
    return route.path.format_map({name: ANYWHERE.get(name, "nothing") for name in route.param_convertors})


def pages(portal: FastAPI) -> list[APIRoute]:
    return [route for route in all_routes(portal) if not route.path.startswith("/api/")]


def all_routes(portal: FastAPI) -> list[APIRoute]:
    routes = [context.original_route for context in iter_route_contexts(portal.routes)]
    return [route for route in routes if isinstance(route, APIRoute)]


def test_every_route_has_one_rule(portal: FastAPI) -> None:
    ruled = {f"{sorted(route.methods)} {route.path}": len(rules_of(route.dependant)) for route in all_routes(portal)}

    assert {route for route, rules in ruled.items() if rules != 1} == set()
    assert len(ruled) > 10


@pytest.mark.parametrize("role", [None, *(role for role in Role if role is not Role.SYSTEM)])
async def test_route_turns_away_everybody_but_its_role(
    cohort: CohortRig, adviser: By, portal: FastAPI, a_visit: A_Visit, role: Role | None
) -> None:
    by = await somebody(cohort, adviser, role)
    visit = await a_visit(by)
    wrong = []

    for route in pages(portal):
        (rule,) = rules_of(route.dependant)
        for method in sorted(route.methods & {"GET", "POST"}):
            path = path_of(route)
            answer = await (visit.get(path) if method == "GET" else visit.post(path))
            allowed = rule.words.startswith("anyone") if role is None else _lets_in(rule.words, role)  # type: ignore[attr-defined]
            turned_away = answer.status in {401, 403} or answer.path.startswith("/sign-in?next=")
            if turned_away == allowed or answer.status >= 500:
                wrong.append((method, route.path, answer.status, rule.words))  # type: ignore[attr-defined]
            if path in {"/sign-out", "/account/sign-out-everywhere"}:
                visit = await a_visit(by)

    assert wrong == []


def _lets_in(words: str, role: Role) -> bool:
    return words == "signed in" or words.startswith("anyone") or words.split(":", maxsplit=1)[0] == role.value


async def somebody(cohort: CohortRig, adviser: By, role: Role | None) -> By | None:
    rig = cohort.rig
    match role:
        case None:
            return None
        case Role.ASSESSOR:
            references = await rig.all(select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id))
            return await assessor_of(cohort, references[0])
        case Role.NOMINEE:
            return (await cohort.nominate()).nominee
        case Role.INCLUSION_ADVISER:
            return adviser
    return next(by for by in (rig.operations, rig.moderator, rig.chair, rig.nominator) if by.role is role)
