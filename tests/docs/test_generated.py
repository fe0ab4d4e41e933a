import re
from pathlib import Path

import pytest

from models.enums import Stage, StageChange, Template
from models.policy import Policy
from rules.stages import TABLE, WITH_DEADLINE, may_pause
from scripts.write_docs import ANYWHERE, MEANINGS, PARTS, ROOT, pages, policy_names, rewritten

TRAVELS = ROOT / "docs" / "how-a-nomination-travels.md"
ARROW = re.compile(r"^    (\w+) --> (\w+): (\w+)$", re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \|((?: (?:yes)? ?\|){4})$", re.MULTILINE)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_generated_parts_say_what_the_code_says(page: Path) -> None:
    text = page.read_text("utf-8")

    assert rewritten(text) == text, "run: .venv/bin/python -m scripts.write_docs"


def test_every_generated_part_stands_on_a_page() -> None:
    text = "".join(page.read_text("utf-8") for page in pages())

    assert set(re.findall(r"<!-- generated: ([\w ]+) -->", text)) == set(PARTS)


def test_a_part_that_is_out_of_date_is_found() -> None:
    text = TRAVELS.read_text("utf-8").replace("nominated --> applying: consent", "nominated --> scoring: consent")

    assert rewritten(text) != text


def test_diagram_and_table_together_are_the_stage_table() -> None:
    text = TRAVELS.read_text("utf-8")
    arrows = {(Stage(origin), StageChange(change), Stage(to)) for origin, to, change in ARROW.findall(text)}
    answers = {
        Stage(name): [cell.strip() == "yes" for cell in cells.split("|")[:4]] for name, cells in ROW.findall(text)
    }
    leads_to = {StageChange.WITHDRAW: Stage.WITHDRAWN, StageChange.DEFER: Stage.DEFERRED}
    left = {
        (stage, change, leads_to[change])
        for stage, cells in answers.items()
        for change, allowed in zip(ANYWHERE, cells[:2], strict=True)
        if allowed
    }

    assert arrows | left == {
        (stage, change, to) for stage, changes in TABLE.items() for change, to in changes.items()
    }
    assert {stage: cells[2:] for stage, cells in answers.items()} == {
        stage: [may_pause(stage), stage in WITH_DEADLINE] for stage in Stage
    }


def test_every_letter_is_named_on_the_page_that_says_who_is_told_what() -> None:
    text = TRAVELS.read_text("utf-8")

    assert [template.value for template in Template if f"`{template}`" not in text] == []


def test_every_name_of_a_policy_has_a_meaning() -> None:
    names = policy_names()

    assert set(names) == set(MEANINGS)
    assert {name.partition(".")[0] for name in names} == set(Policy.model_fields) - {"assumptions"}


def test_decision_records_are_listed_in_the_index() -> None:
    folder = ROOT / "docs" / "adr"
    records = sorted(page.name for page in folder.glob("[0-9]*.md"))
    index = (folder / "index.md").read_text("utf-8")

    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index)

    assert listed == records
    assert [name[:4] for name in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]
