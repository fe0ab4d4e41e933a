from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import ROOT, anchors, every_page, links

# Pictures of a run, drawn by the demo.
DRAWN = frozenset({"docs/images/demo-board.svg", "docs/images/demo-summary.svg"})


def broken(page: Path, link: str) -> str | None:
    if "://" in link or link.startswith("mailto:"):
        return None
    path, _, anchor = link.partition("#")
    target = (page.parent / unquote(path)).resolve() if path else page
    if not target.is_relative_to(ROOT):
        return f"{link} leads out of the project"
    if not target.exists():
        return f"{link} leads to nothing"
    if anchor and anchor not in anchors(target.read_text("utf-8")):
        return f"{link} names a heading that is not there"
    return None


@pytest.mark.parametrize("page", every_page(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_links_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")

    faults = [fault for link in links(text) if (fault := broken(page, link))]

    assert faults == []


def test_every_page_of_docs_is_reachable_from_the_index() -> None:
    reached, waiting = set(), [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links(page.read_text("utf-8"))]
        waiting += [target for target in targets if target.suffix == ".md" and target.exists()]

    unreached = {page for page in every_page() if page.is_relative_to(ROOT / "docs")} - reached

    assert sorted(str(page.relative_to(ROOT)) for page in unreached) == []


def test_readme_shows_the_pictures_of_a_real_run() -> None:
    pictures = set(links((ROOT / "README.md").read_text("utf-8")))

    assert pictures >= DRAWN


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("LICENSE", None),
        ("CONTRIBUTING.md#words", None),
        ("https://example.org/nowhere", None),
        ("no-such-page.md", "no-such-page.md leads to nothing"),
        ("CONTRIBUTING.md#no-such-heading", "CONTRIBUTING.md#no-such-heading names a heading that is not there"),
        ("../elsewhere.md", "../elsewhere.md leads out of the project"),
    ],
)
def test_link_is_judged(link: str, fault: str | None) -> None:
    assert broken(ROOT / "README.md", link) == fault
