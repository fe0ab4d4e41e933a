"""The picture of how time and memory grow: every measured size is on it, in words as well."""

from pathlib import Path
from xml.etree import ElementTree as ET

from bench.allocating_growth import drawn, main, measured


def test_a_size_is_measured_and_keeps_every_rule() -> None:
    row = measured(12, 9)

    assert row["rules_broken"] == 0
    assert row["gap_percent"] == 0
    assert float(row["peak_megabytes"] or 0) > 0


def test_every_measured_size_is_drawn_and_told(tmp_path: Path) -> None:
    lines, picture = tmp_path / "growth.jsonl", tmp_path / "growth.svg"
    lines.write_text(
        '{"nominations": 120, "cpu_seconds": 0.1, "peak_megabytes": 51}\n'
        '{"nominations": 1000, "cpu_seconds": 2.5, "peak_megabytes": 120}\n',
        encoding="utf-8",
    )

    code = main(["draw", str(lines), str(picture)])

    root = ET.fromstring(picture.read_text(encoding="utf-8"))  # noqa: S314 - this test's own picture
    names = [one.tag.rpartition("}")[2] for one in root.iter()]
    assert code == 0
    assert names.count("circle") == 4
    assert "1,000 nominations: 2.5 seconds, 120 megabytes" in "".join(root.itertext())


def test_longer_takes_a_higher_place() -> None:
    rows = [{"nominations": n, "cpu_seconds": n / 100, "peak_megabytes": 50.0 + n} for n in (100.0, 1000.0)]

    circles = [one for one in ET.fromstring(drawn(rows)).iter() if one.tag.endswith("circle")]  # noqa: S314 - as above

    assert float(circles[1].get("cy", 0)) < float(circles[0].get("cy", 0))


def test_unknown_words_are_answered_with_what_can_be_said() -> None:
    assert main(["paint"]) == 2
