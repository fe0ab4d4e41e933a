"""Measuring and breaking the system by the command line."""

import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from simulation.chaos import Havoc, report
from tests.cli.conftest import run


def test_bench_measures_with_the_counts_it_is_given(tmp_path: Path) -> None:
    answer = run(
        "bench", "--pairs", "1", "--nominations", "2", "--acts", "2", "--open", "1", "--pages", "0", "--panels", "0",
        environment={"TALENT_POOL_FOLDER": str(tmp_path)},
    )  # fmt: skip

    assert answer.status == 0
    assert "Figures (medians" in answer.said
    lines = (tmp_path / "bench" / "figures.jsonl").read_text(encoding="utf-8")
    assert lines in answer.said


def test_bench_without_what_it_needs_says_where_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "bench"]:
        monkeypatch.delitem(sys.modules, module)
    # An entry of None makes the import fail as if the package were not installed.
    monkeypatch.setitem(sys.modules, "psutil", None)

    answer = run("bench", environment={})

    assert answer.status == 1
    assert "Measuring needs 'psutil'" in answer.complained


def test_chaos_fails_with_each_promise_that_broke(capsys: pytest.CaptureFixture[str]) -> None:
    havoc = Havoc(Random(1), most=3, killed=Counter({"worker": 2, "postgres": 1}))

    kept, broken = report(havoc, ()), report(havoc, ("A panel breaks a hard rule.",))

    told = capsys.readouterr()
    assert (kept, broken) == (0, 1)
    assert "3 kills: postgres 1, worker 2" in told.out
    assert told.err == "A panel breaks a hard rule.\n"
