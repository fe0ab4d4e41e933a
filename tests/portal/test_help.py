"""What the pages of help promise is what the rules and the pilot's policy say."""

from datetime import UTC, datetime
from pathlib import Path

from models.enums import Role
from portal import leftovers
from rules.calendar import span_in_words
from rules.permissions import GRANTS, Act
from rules.policies import read_policy
from tests.portal.conftest import A_Visit

ROOT = Path(__file__).resolve().parents[2]
PILOT = ROOT / "data" / "pilot" / "policy.toml"
READ = {".html", ".js", ".md", ".py", ".toml"}
READERS = {Role.NOMINEE, Role.ASSESSOR, Role.MODERATOR, Role.BOARD}
SCORERS = {Role.ASSESSOR, Role.MODERATOR, Role.BOARD}


async def test_privacy_page_names_those_who_may_see_and_the_pilots_times(a_visit: A_Visit) -> None:
    membership = read_policy(PILOT, created_at=datetime(2026, 11, 23, tzinfo=UTC)).membership

    page = await (await a_visit()).get("/help/privacy")

    assert {role for role, acts in GRANTS.items() if Act.READ_APPLICATION in acts} == READERS
    assert {role for role, acts in GRANTS.items() if Act.READ_PANEL_SCORES in acts} == SCORERS
    assert Act.READ_PANEL in GRANTS[Role.OPERATIONS]
    assert "Organisations and the operations team do not see it." in page.words
    assert f"while they are in it, {span_in_words(membership.lasts)}" in page.words
    assert f"{span_in_words(membership.unsuccessful_kept_for)} after the closing date" in page.words


async def test_privacy_page_promises_no_deleting_that_nothing_does(a_visit: A_Visit) -> None:
    page = await (await a_visit()).get("/help/privacy")

    # Whoever makes something act on these times says so here, and changes the page.
    documented = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    lines = [line for line in documented.splitlines() if line.startswith("| `membership.")]
    assert len(lines) == 3
    assert all("nothing acts on it yet" in line for line in lines)
    assert "does not delete nominations, applications, scores or decisions by itself" in page.words
    assert "People have to do it: those who run the service, for the operations team." in page.words
    assert (leftovers.CODES_FOR.days, leftovers.SESSIONS_FOR.days) == (1, 30)
    assert "codes to sign in, a day or more after they ended" in page.words
    assert "where you were signed in, 30 days or more after it ended" in page.words


async def test_accessibility_statement_has_its_parts_in_their_order(a_visit: A_Visit) -> None:
    page = await (await a_visit()).get("/help/accessibility")

    parts = [
        "How accessible the service is",
        "Feedback and contact",
        "Enforcement",
        "Equality and Human Rights Commission",
        "Compliance status",
        "partially compliant",
        "What may not be accessible",
        "prepared on 23 November 2026",
    ]
    places = [page.text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


def test_everything_that_people_read_writes_email_in_one_word() -> None:
    rooms = ("acts", "activities", "cli", "data", "docs", "intake", "models", "notify", "portal", "rules", "storage")
    files = [path for room in rooms for path in (ROOT / room).rglob("*") if "vendor" not in path.parts]
    files += list(ROOT.glob("*.md"))

    read = {path: path.read_text(encoding="utf-8") for path in files if path.suffix in READ}
    wrong = [path.relative_to(ROOT).as_posix() for path, text in read.items() if "e-mail" in text.casefold()]

    assert wrong == []
    assert len(read) > 400
