"""Every operation needs a token with its scope, and sees one organisation alone."""

from datetime import timedelta

import pytest
from fastapi import FastAPI

from acts.errors import RefusedError
from acts.programs import ProgramActs, hash_of
from models.messages import By
from models.programs import Scope
from models.tables import ApiToken, RoleGrant
from portal.api.document import Operation, every_operation
from tests.portal.api.conftest import A_Program, problem
from tests.portal.test_routes import all_routes, rules_of
from tests.workflows.rig import ELSEWHERE, HOME, CohortRig, Rig

OPEN = {
    "/api/v1/openapi.json": "anyone, unseen",
    "/api/v1/docs": "anyone",
    "/api/v1/docs/{operation}": "anyone",
    "/api/v1/notify/receipts": "GOV.UK Notify",
}
NOTHING = {"number": "pilot-0000", "endpoint": "wh-000000000000", "delivery": "wh-000000000000.1"}
OPERATIONS = every_operation()
ENDORSEMENT = {"name": "Ada Example", "email": "ada@example.nhs.test", "post": "chief_executive"}


def named(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def test_every_route_of_the_interface_declares_its_scope(portal: FastAPI) -> None:
    routes = [route for route in all_routes(portal) if route.path.startswith("/api/")]
    declared = {route.path: rules_of(route.dependant)[0].words for route in routes}  # type: ignore[attr-defined]

    others = {path: words for path, words in declared.items() if not words.startswith("program: ")}

    assert others == OPEN
    asked_and_tried = [route for route in routes if route.path == "/api/v1/docs/{operation}"]
    assert len(asked_and_tried) == 2
    assert len(routes) == len(OPERATIONS) + len(OPEN) + 1


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
async def test_operation_needs_its_scope(a_program: A_Program, operation: Operation) -> None:
    without = await a_program(*(scope for scope in Scope if scope is not operation.scope))
    stranger = await a_program(None)
    path = operation.path.format_map(NOTHING)

    refused = await without.ask(operation.method, path)
    unknown = await stranger.ask(operation.method, path)

    assert problem(refused) == (403, "not-allowed")
    assert f'scope="{operation.scope.value}"' in refused.headers["www-authenticate"]
    assert problem(unknown) == (401, "token-missing")
    assert unknown.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
async def test_operation_with_its_scope_alone_is_let_in(a_program: A_Program, operation: Operation) -> None:
    program = await a_program(operation.scope)
    path = operation.path.format_map(NOTHING)

    answer = await program.ask(operation.method, path)

    assert answer.status_code not in {401, 403}
    assert answer.status_code < 500
    if "{" in operation.path and operation.method == "GET":
        assert problem(answer) == (404, "not-found")


async def test_other_organisations_see_nothing_of_a_nomination(
    cohort: CohortRig, a_program: A_Program, elsewhere: By
) -> None:
    case = await cohort.nominate()
    own, other = await a_program(), await a_program(by=elsewhere, organisation=ELSEWHERE)
    mine = await own.post("/webhooks", {"url": "https://example.org/here"})
    paths = [
        (one.method, one.path.format_map({**NOTHING, "number": case.id, "endpoint": mine.json()["id"]}))
        for one in OPERATIONS
    ]

    seen = []
    for method, path in paths:
        said = {"reason": "other"} if path.endswith("withdrawal") else ENDORSEMENT
        answer = await other.ask(method, path, headers={"Idempotency-Key": "the-other"}, json=said)
        seen.append((path, answer.status_code, case.id in answer.text, "example.org" in answer.text))

    assert [path for path, _, nomination, endpoint in seen if nomination or endpoint] == []
    assert {status for path, status, _, _ in seen if case.id in path or mine.json()["id"] in path} == {404}
    assert case.id in (await own.get("/nominations", cohort=cohort.id)).text


async def test_token_of_a_maker_with_two_organisations_acts_for_one(
    rig: Rig, cohort: CohortRig, a_program: A_Program
) -> None:
    case = await cohort.nominate()
    grant = RoleGrant(
        person_id=rig.nominator.person,
        role=rig.nominator.role,
        organisation_code=ELSEWHERE,
        granted_at=rig.acts.desk.clock(),
    )
    async with rig.sessions.begin() as session:
        session.add(grant)
    program = await a_program(organisation=ELSEWHERE)

    answer = await program.post(f"/nominations/{case.id}/withdrawal", {"reason": "other"})
    async with rig.sessions.begin() as session:
        await session.delete(await session.get_one(RoleGrant, (rig.nominator.person, rig.nominator.role, ELSEWHERE)))

    assert problem(answer) == (404, "not-found")
    assert problem(await program.get("/status")) == (401, "token-missing")


async def test_token_ends_with_its_makers_role_and_with_its_revocation(
    rig: Rig, a_program: A_Program, elsewhere: By
) -> None:
    program = await a_program(by=elsewhere, organisation=ELSEWHERE)
    revoked = await a_program()
    assert program.made
    assert revoked.made
    before = [(await one.get("/status")).status_code for one in (program, revoked)]

    async with rig.sessions.begin() as session:
        grant = await session.get_one(RoleGrant, (elsewhere.person, elsewhere.role, ELSEWHERE))
        await session.delete(grant)
    await ProgramActs(rig.sessions).revoke_token(revoked.made.row.id, rig.operations)
    after = [problem(await one.get("/status"))[0] for one in (program, revoked)]
    async with rig.sessions.begin() as session:
        session.add(
            RoleGrant(
                person_id=elsewhere.person,
                role=elsewhere.role,
                organisation_code=ELSEWHERE,
                granted_at=rig.acts.desk.clock(),
            )
        )

    assert before == [200, 200]
    assert after == [401, 401]


async def test_token_ends_when_it_expires(rig: Rig, a_program: A_Program) -> None:
    program = await a_program(days=1)
    assert program.made

    async with rig.sessions.begin() as session:
        row = await session.get_one(ApiToken, program.made.row.id)
        row.expires_at = rig.acts.desk.clock() - timedelta(seconds=1)
        session.add(row)

    assert problem(await program.get("/status")) == (401, "token-missing")


async def test_token_is_kept_as_its_hash_with_its_last_use(rig: Rig, a_program: A_Program) -> None:
    program = await a_program()
    assert program.made

    await program.get("/status")
    row = await rig.get(ApiToken, program.made.row.id)

    assert row.token_sha256 == hash_of(program.made.token)
    assert row.used_at is not None
    assert program.made.token not in str(row.model_dump())


async def test_only_a_nominator_of_the_organisation_makes_a_token(rig: Rig) -> None:
    acts = ProgramActs(rig.sessions)

    for by in (rig.operations, rig.moderator):
        with pytest.raises(RefusedError):
            await acts.make_token(HOME, by, "A program", [Scope.NOMINATIONS_READ])
    with pytest.raises(RefusedError, match="only for their own organisation"):
        await acts.make_token(ELSEWHERE, rig.nominator, "A program", [Scope.NOMINATIONS_READ])
