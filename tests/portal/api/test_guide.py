"""The guide's examples are so: each request is made, and answered as the guide says."""

import json
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from models.programs import Scope
from models.tables import WebhookDelivery
from notify.webhooks import signature
from portal.api.problems import MEANINGS
from tests.portal.api.conftest import A_Program
from tests.workflows.rig import CohortRig, Rig

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "developers" / "api.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$")
MADE = re.compile(r"^wh-[0-9a-f]{12}(\.[0-9]{12})?$")


@dataclass(frozen=True)
class Said:
    """A request or an answer as the guide writes it."""

    first: str
    headers: dict[str, str]
    body: object


def read(block: str) -> Said:
    head, _, body = block.partition("\n\n")
    first, *lines = head.strip().splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    return Said(first, headers, json.loads(body) if body.strip() else None)


def examples(text: str) -> Iterator[tuple[Said, Said]]:
    blocks = [read(body) for kind, body in BLOCK.findall(text) if kind == "http"]
    return zip(blocks[::2], blocks[1::2], strict=True)


def differs(shown: object, found: object, where: str = "") -> list[str]:
    """Where an answer is not as shown; moments, secrets and ids that are made anew are alike."""
    if isinstance(shown, dict) and isinstance(found, dict):
        if shown.keys() != found.keys():
            return [f"{where}: {sorted(shown.keys() ^ found.keys())}"]
        return [fault for name in shown for fault in differs(shown[name], found[name], f"{where}/{name}")]
    if isinstance(shown, list) and isinstance(found, list) and len(shown) == len(found):
        return [
            fault
            for place, pair in enumerate(zip(shown, found, strict=True))
            for fault in differs(*pair, f"{where}/{place}")
        ]
    if isinstance(shown, str) and isinstance(found, str):
        alike = any(pattern.match(shown) and pattern.match(found) for pattern in (MOMENT, MADE))
        if alike or (shown.endswith("…") and found.startswith(shown[:-1])):
            return []
    return [] if shown == found else [f"{where}: {shown!r} is {found!r}"]


async def owe(rig: Rig, delivery: str, shown: object) -> None:
    """An event that was given up, which the guide has sent again."""
    assert isinstance(shown, dict)
    now = rig.acts.desk.clock()
    given_up = {"id": delivery, "endpoint_id": delivery.partition(".")[0], "status": "given_up", "tries": 10}
    kept = {name: shown[name] for name in ("event", "answered", "failure")}
    async with rig.sessions.begin() as session:
        session.add(WebhookDelivery.model_validate({**kept, **given_up, "made_at": now, "next_at": now}))


async def test_examples_of_the_guide_are_answered_as_it_says(
    rig: Rig, cohort: CohortRig, a_program: A_Program
) -> None:
    program = await a_program()
    text = re.sub(r"\bpilot\b", cohort.id, GUIDE.read_text("utf-8"))
    made: dict[str, str] = {}
    faults, count = [], 0

    for asked, shown in examples(text):
        method, path = asked.first.split()
        for named, real in made.items():
            path = path.replace(named, real)
        # The guide's token is the test's, unless it says itself that it is none.
        own = asked.headers["Authorization"].endswith("…")
        if path.endswith("/replay"):
            await owe(rig, path.split("/")[-2], shown.body)
        headers = {name: value for name, value in asked.headers.items() if not (own and name == "Authorization")}
        answer = await program.ask(method, path, headers=headers, json=asked.body)
        status = int(shown.first.split()[1])
        if status != answer.status_code:
            faults.append(f"{asked.first}: {answer.status_code} {answer.text}")
            continue
        found = answer.json() if answer.content else None
        faults += [f"{asked.first}: {fault}" for fault in differs(shown.body, found)]
        faults += [
            f"{asked.first}: {name} is {answer.headers.get(name)}"
            for name, value in shown.headers.items()
            if answer.headers.get(name) != value
        ]
        if isinstance(shown.body, dict) and MADE.match(str(shown.body.get("id"))):
            assert isinstance(found, dict)
            made[str(shown.body["id"])] = found["id"]
        count += 1

    assert faults == []
    assert count >= 11


async def test_first_request_of_the_guide_lists_the_cohorts(cohort: CohortRig, a_program: A_Program) -> None:
    program = await a_program()
    (first,) = [body for kind, body in BLOCK.findall(GUIDE.read_text("utf-8")) if kind == "sh" and "curl" in body]
    said = shlex.split(first.splitlines()[1])

    answer = await program.ask("GET", urlsplit(said[2]).path)

    assert first.startswith("TOKEN=tpool_…\n")
    assert said[:2] + said[3:] == ["curl", "-i", "-H", "Authorization: Bearer $TOKEN"]
    assert cohort.id in [one["id"] for one in answer.json()["items"]]


def test_signature_is_checked_as_the_guide_says() -> None:
    (code,) = [body for kind, body in BLOCK.findall(GUIDE.read_text("utf-8")) if kind == "python"]
    said: dict[str, object] = {}
    exec(code, said)  # noqa: S102 -- the guide's own code
    is_genuine = said["is_genuine"]
    assert callable(is_genuine)
    secret, body, now = "whsec_" + "QUJD" * 10, b'{"a":1}', int(time.time())

    def headers(at: int) -> dict[str, str]:
        return {
            "webhook-id": "wh-1.1",
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,bm90aGluZw== {signature(secret, 'wh-1.1', at, body)}",
        }

    assert is_genuine(secret, headers(now), body)
    assert not is_genuine(secret, headers(now), body + b" ")
    assert not is_genuine(secret, headers(now - 3600), body)


def test_guide_names_every_scope() -> None:
    text = GUIDE.read_text("utf-8")

    assert [scope.value for scope in Scope if f"`{scope.value}`" not in text] == []
    assert {str(meaning.status) for meaning in MEANINGS.values()} >= {"401", "403", "404", "409", "422", "429", "503"}
