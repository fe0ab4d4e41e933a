"""How commands fail: sentences on standard error, status 2 for wrong use and 1 for failure."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.enums import Role
from models.tables import Person, RoleGrant
from tests.cli.conftest import Starter, run
from tests.workflows.rig import HOME, CohortRig, Rig

ROOT = Path(__file__).resolve().parents[2]
PILOT = str(ROOT / "data" / "pilot" / "policy.toml")


@pytest.mark.parametrize(
    "arguments",
    [
        ["lits"],
        ["list", "--stage", "nowhere"],
        ["pause", "pilot-0001"],
        ["extend", "pilot-0001", "--until", "tomorrow", "--reason", "leave"],
        ["import", "organisations", "no-such-file.csv"],
        ["decide", "pilot-0001"],
        ["decide", "pilot-0001", "--outcome", "admitted"],
        ["moderate", "pilot-0001", "--flag", "1", "--resolution", "moderate", "--change", "nonsense"],
        ["unblock", "pilot-0001", "--way", "hand_over", "--reason", "other"],
        ["assess", "score", "pilot-0001.A-1", "--score", "partnerships"],
        ["verify", "audit", "--anchor", "12"],
        ["user", "grant", "assessor", "--email", "a@example.nhs.test"],
    ],
)
def test_wrong_use_ends_with_status_2_and_says_why(arguments: list[str]) -> None:
    answer = run(*arguments, environment={})

    assert answer.status == 2
    assert answer.said == ""
    assert answer.complained.strip()


def test_commands_say_what_to_start_when_nothing_runs(tmp_path: Path) -> None:
    environment = {**os.environ, "TALENT_POOL_FOLDER": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "starter.py", "list"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "make up" in done.stderr
    assert "Traceback" not in done.stderr


async def test_acting_without_a_person_is_wrong_use(starter: Starter, cohort: CohortRig) -> None:
    case = await cohort.nominate()

    answer = await starter("consent", case.id)

    assert answer.status == 2
    assert "--as" in answer.complained


async def test_acting_in_one_of_several_roles_asks_which(starter: Starter, cohort: CohortRig) -> None:
    # Who nominates for an organisation and has been nominated by a colleague holds both roles.
    case = await cohort.nominate()
    email = (await cohort.rig.get(Person, case.nominee.person)).email
    async with cohort.rig.sessions.begin() as session:
        session.add(
            RoleGrant(
                person_id=case.nominee.person,
                role=Role.NOMINATOR,
                organisation_code=HOME,
                granted_at=datetime.now(UTC),
            )
        )

    unsaid = await starter("withdraw", case.id, "--reason", "personal", "--as", email)
    said = await starter("withdraw", case.id, "--reason", "personal", "--as", email, "--role", "nominee")

    assert unsaid.status == 2
    assert "--role nominator or --role nominee" in unsaid.complained
    assert said.status == 0


async def test_refused_act_ends_with_status_1_and_the_workflows_sentence(starter: Starter, cohort: CohortRig) -> None:
    case = await cohort.nominate()
    operations = cohort.rig.operations.person
    first = await starter("pause", case.id, "--reason", "illness", "--as", operations)

    again = await starter("pause", case.id, "--reason", "illness", TALENT_POOL_AS=operations)
    not_theirs = await starter("pause", case.id, "--reason", "illness", "--as", cohort.rig.moderator.person)

    assert first.status == 0
    assert (again.status, again.complained.strip()) == (1, "The nomination is paused already.")
    assert not_theirs.status == 1
    assert "may not pause" in not_theirs.complained


async def test_unknown_things_end_with_status_1(starter: Starter, rig: Rig) -> None:
    nomination = await starter("status", "nowhere-0001")
    person = await starter("list", "--as", "nobody@example.nhs.test")
    cohort = await starter("cohort", "status", "nowhere")

    assert [nomination.status, person.status, cohort.status] == [1, 1, 1]
    assert "nobody@" not in person.complained


def test_policy_is_shown_with_the_origin_of_what_is_assumed() -> None:
    answer = run("policy", "show", PILOT, "--json", environment={})

    values = answer.document["values"]
    assert values["panel.size"]["value"] == 3
    assert values["scoring.highest"]["assumption"]
    assert values["scoring.highest"]["origin"]


def test_policy_that_cannot_be_used_is_refused_with_every_problem(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(f'base = "{PILOT}"\n[panel]\nsize = "three"\n[quality]\naudit_share = 7\n')

    answer = run("policy", "check", str(file), "--json", environment={})

    assert answer.status == 1
    assert [one["name"] for one in answer.document["problems"]] == ["panel.size", "quality.audit_share"]


def test_templates_can_be_used() -> None:
    assert run("messages", "check-templates", environment={}).status == 0
