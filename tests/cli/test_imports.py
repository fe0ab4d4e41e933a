"""Importing files by the command line: all or nothing, and twice the same."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from cli import imports
from models.tables import Nomination, Organisation, RoleGrant
from tests.cli.conftest import Starter, addresses
from tests.workflows.rig import CohortRig, Rig, eventually

ROOT = Path(__file__).resolve().parents[2]
PILOT = ROOT / "data" / "pilot"
ORGANISATIONS = "code,name,type,region,local_office_code,system_code,system_name\n"
NOMINATIONS = (
    "reference,organisation,route,nominator_email,nominee_name,nominee_email,readiness,"
    "endorser_name,endorser_email,endorser_post,endorser_organisation,endorsement\n"
)


def nomination(number: int, cohort: str, *, email: str = "") -> str:
    nominee = email or f"nominee.{number}.{cohort}@example.nhs.test"
    return (
        f"R1D-{number},R1D,organisation,p-0000000000a5@example.nhs.test,Nominee Number,{nominee},ready_now,"
        "Ann Lee,ann.lee@example.nhs.test,chief_executive,R1D,I support this.\n"
    )


def file_of(folder: Path, text: str) -> str:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


async def test_bad_rows_are_named_and_nothing_is_imported(starter: Starter, rig: Rig, tmp_path: Path) -> None:
    file = file_of(
        tmp_path, ORGANISATIONS + "RQQ,Good Trust,ccg,Midlands,Q76,QAA,A\nRQZ,Bad Trust,castle,Midlands,Q76,QAA,A\n"
    )

    told = await starter("import", "organisations", file, "--as", rig.operations.person)
    listed = await starter("import", "organisations", file, "--as", rig.operations.person, "--json")

    assert told.status == 1
    assert "line 3, column type: This must be one of" in told.complained
    assert listed.status == 1
    assert [(one["line"], one["column"]) for one in listed.document["problems"]] == [(3, "type")]
    assert await rig.all(select(Organisation).where(col(Organisation.code) == "RQQ")) == []


async def test_many_problems_are_cut_short_unless_all_are_asked_for(
    starter: Starter, cohort: CohortRig, tmp_path: Path
) -> None:
    file = file_of(tmp_path, NOMINATIONS + "".join(nomination(n, cohort.id, email="nowhere") for n in range(1, 31)))
    command = ("import", "nominations", file, "--cohort", cohort.id, "--as", cohort.rig.operations.person)

    short, whole, listed = [await starter(*command, *more) for more in ((), ("--all",), ("--json",))]

    assert short.complained.splitlines()[0] == "30 problems, nothing was imported:"
    assert short.complained.splitlines()[-1] == "and 10 more; --all shows every one"
    assert len(short.complained.splitlines()) == 22
    assert len(whole.complained.splitlines()) == 31
    assert len(listed.document["problems"]) == 30


async def test_file_of_another_kind_is_named_in_one_sentence(starter: Starter, cohort: CohortRig) -> None:
    options = ("--cohort", cohort.id, "--as", cohort.rig.operations.person)

    answer = await starter("import", "applications", str(PILOT / "assessors.csv"), *options)

    assert answer.status == 1
    assert len(answer.complained.strip().splitlines()) == 2
    assert "They are: reference, employed_in_region" in answer.complained
    assert "This looks like the register of assessors: import it with 'import assessors'." in answer.complained


async def test_same_file_twice_changes_nothing_and_a_dry_run_neither(
    starter: Starter, rig: Rig, tmp_path: Path
) -> None:
    file = file_of(
        tmp_path, ORGANISATIONS + "RQA,A Trust,ccg,Midlands,Q76,QAA,A\nRQB,B Trust,ccg,Midlands,Q76,QAA,A\n"
    )
    command = ("import", "organisations", file, "--as", rig.operations.person, "--json")

    trial = await starter(*command, "--dry-run")
    after_trial = await rig.all(select(Organisation).where(col(Organisation.code) == "RQA"))
    first = await starter(*command)
    second = await starter(*command)

    assert (trial.document["new"], trial.document["dry_run"], after_trial) == (2, True, [])
    assert (first.document["new"], first.document["unchanged"]) == (2, 0)
    assert (second.document["new"], second.document["changed"], second.document["unchanged"]) == (0, 0, 2)


async def test_import_is_for_operations_once_there_are_any(starter: Starter, rig: Rig, tmp_path: Path) -> None:
    file = file_of(tmp_path, ORGANISATIONS + "RQC,C Trust,ccg,Midlands,Q76,QAA,A\n")

    nobody = await starter("import", "organisations", file)
    moderator = await starter("import", "organisations", file, "--as", rig.moderator.person)

    assert nobody.status == 2
    assert moderator.status == 1
    assert await rig.all(select(Organisation).where(col(Organisation.code) == "RQC")) == []


async def test_nominations_are_made_once_and_an_interrupted_import_is_finished(
    starter: Starter, cohort: CohortRig, tmp_path: Path
) -> None:
    rows = [nomination(number, cohort.id) for number in (1, 2, 3)]
    begun, whole = file_of(tmp_path, NOMINATIONS + rows[0]), tmp_path / "whole.csv"
    whole.write_text(NOMINATIONS + "".join(rows), encoding="utf-8")
    options = ("--cohort", cohort.id, "--as", cohort.rig.operations.person, "--json")

    trial = await starter("import", "nominations", str(whole), "--dry-run", *options)
    interrupted = await starter("import", "nominations", begun, *options)
    finished = await starter("import", "nominations", str(whole), *options)
    again = await starter("import", "nominations", str(whole), *options)

    assert [one.document["new"] for one in (trial, interrupted, finished, again)] == [3, 1, 2, 0]
    made = await cohort.rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id))
    assert sorted(one.reference for one in made) == ["R1D-1", "R1D-2", "R1D-3"]
    assert {one.nominated_by for one in made} == {cohort.rig.nominator.person}


async def test_import_that_is_interrupted_says_what_was_done_and_goes_on_where_it_stopped(
    starter: Starter, cohort: CohortRig, tmp_path: Path
) -> None:
    many = 60
    file = file_of(tmp_path, NOMINATIONS + "".join(nomination(number, cohort.id) for number in range(1, many + 1)))
    command = ("import", "nominations", file, "--cohort", cohort.id, "--as", cohort.rig.operations.person)
    begun = await asyncio.create_subprocess_exec(
        sys.executable, "starter.py", *command, cwd=ROOT, env={**os.environ, **addresses(cohort.rig)}, stderr=PIPE
    )
    made = select(Nomination).where(col(Nomination.cohort_id) == cohort.id)
    try:
        await eventually(lambda: cohort.rig.all(made), lambda rows: len(rows) >= 2)
        begun.send_signal(signal.SIGINT)
        _, complained = await begun.communicate()
    finally:
        if begun.returncode is None:
            begun.kill()
    there = len(await cohort.rig.all(made))

    again = await starter(*command, "--json")

    assert begun.returncode == 130
    said = complained.decode()
    [told] = re.findall(r"Broken off: (\d+) of 60 nominations were made. Import the file again: it goes on", said)
    assert 1 <= int(told) <= there < many
    assert (again.document["new"], again.document["unchanged"]) == (many - there, there)


async def test_rows_refused_when_they_are_made_are_named_and_the_others_are_made(
    starter: Starter, cohort: CohortRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"{number}.{cohort.id}@example.nhs.test" for number in (1, 2, 3, 4)]
    rows = [nomination(number, cohort.id, email=one) for number, one in enumerate(addresses, start=1)]
    file = file_of(tmp_path, NOMINATIONS + "".join(rows))
    here, make = asyncio.get_running_loop(), imports._make

    async def overtaken(*arguments: Any) -> Any:
        """Between the check of the file and its first row, two of the nominees are nominated by somebody else."""
        for address in (addresses[0], addresses[2]):
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(cohort.nominate(email=address), here))
        return await make(*arguments)

    monkeypatch.setattr(imports, "_make", overtaken)
    options = ("--cohort", cohort.id, "--as", cohort.rig.operations.person, "--json")

    answer = await starter("import", "nominations", file, *options)

    made = await cohort.rig.all(select(Nomination.reference).where(col(Nomination.cohort_id) == cohort.id))
    assert answer.status == 1
    assert answer.document["new"] == 2
    assert [(one["line"], one["sentence"]) for one in answer.document["problems"]] == [
        (line, "This person has a nomination in this cohort already.") for line in (2, 4)
    ]
    assert "line 2: This person has a nomination" in answer.complained
    assert "@" not in answer.complained
    assert sorted(made) == ["", "", "R1D-2", "R1D-4"]


async def test_nominations_with_a_bad_row_make_none(starter: Starter, cohort: CohortRig, tmp_path: Path) -> None:
    file = file_of(tmp_path, NOMINATIONS + nomination(1, cohort.id) + nomination(2, cohort.id, email="nowhere"))

    answer = await starter("import", "nominations", file, "--cohort", cohort.id, "--as", cohort.rig.operations.person)

    assert answer.status == 1
    assert "line 3, column nominee_email" in answer.complained
    assert "nowhere" not in answer.complained
    assert await cohort.rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id)) == []


async def test_assessors_conflicts_wait_for_their_nominations(
    starter: Starter, cohort: CohortRig, tmp_path: Path
) -> None:
    assessors = file_of(
        tmp_path,
        "reference,full_name,email,role,organisation,capacity,availability,declared_conflicts\n"
        f"B-001,Bo Field,bo.{cohort.id}@example.nhs.test,chair,RX1,6,2018-10-01 to 2018-11-30,R1D-1 mentoring\n",
    )
    nominations = tmp_path / "nominations.csv"
    nominations.write_text(NOMINATIONS + nomination(1, cohort.id), encoding="utf-8")
    options = ("--cohort", cohort.id, "--as", cohort.rig.operations.person, "--json")

    before = await starter("import", "assessors", assessors, *options)
    await starter("import", "nominations", str(nominations), *options)
    after = await starter("import", "assessors", assessors, *options)

    assert (before.document["new"], before.document["conflicts_waiting"]) == (1, 1)
    assert before.document["conflicts_waiting_for"] == [{"line": 2, "assessor": "B-001", "nomination": "R1D-1"}]
    assert "line 2: B-001 with R1D-1" in before.complained
    assert (after.document["unchanged"], after.document["conflicts_waiting"]) == (1, 0)
    assert "1 new" in after.complained


async def test_role_is_granted_once(starter: Starter, rig: Rig) -> None:
    command = (
        "user", "grant", "moderator", "--email", "jo.field@example.nhs.test", "--name", "Jo Field",
        "--as", rig.operations.person, "--json",
    )  # fmt: skip

    first, second = await starter(*command), await starter(*command)

    person = first.document["person"]
    assert (first.document["new"], second.document["new"]) == (True, False)
    assert len(await rig.all(select(RoleGrant).where(col(RoleGrant.person_id) == person))) == 1
