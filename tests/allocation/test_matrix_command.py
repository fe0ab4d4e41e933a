import math

import pytest
from test_matrix import affinities

from allocation.__main__ import main
from allocation.affinities import AffinityFileError, read_affinities
from allocation.matrix import solve_matrix
from allocation.matrix_check import check_matrix


def asked(tmp_path, *more, text="item,a\nx,1\n"):
    source = tmp_path / "fits.csv"
    source.write_text(text)
    return ["solve", str(source), *more]


@pytest.mark.parametrize("option", ["--max-load", "--demand", "--min-load", "--seed"])
@pytest.mark.parametrize("number", ["1_000", "٣", "1.0", "9" * 41])
def test_command_line_refuses_what_is_no_whole_number(tmp_path, capsys, option, number):
    with pytest.raises(SystemExit) as raised:
        main(asked(tmp_path, "--demand", "1", "--max-load", "1", option, number))

    assert raised.value.code == 2
    assert f"argument {option}: {number!r} is not a whole number" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--max-load", "--demand"])
def test_command_line_refuses_a_number_beyond_all_machines(tmp_path, capsys, option):
    with pytest.raises(SystemExit) as raised:
        main(asked(tmp_path, "--demand", "1", "--max-load", "1", option, "99999999999999999999"))

    assert raised.value.code == 2
    assert "99999999999999999999 is too large" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "1_000", "1e999"])
def test_command_line_refuses_what_is_no_time(tmp_path, capsys, seconds):
    with pytest.raises(SystemExit) as raised:
        main(asked(tmp_path, "--demand", "1", "--max-load", "1", f"--seconds={seconds}"))

    assert raised.value.code == 2
    assert f"{seconds!r} is not a number of seconds" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["none/out.csv", "."])
def test_command_line_tells_where_it_cannot_write(tmp_path, capsys, place):
    code = main(asked(tmp_path, "--demand", "1", "--max-load", "1", "--out", str(tmp_path / place)))

    assert code == 2
    assert f"{tmp_path / place}: cannot be written: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--demand", "0", "--max-load", "1"], "--demand is 0;"),
        (["--demand", "1", "--max-load=-1"], "--min-load is 0 and --max-load -1;"),
        (["--demand", "1", "--max-load", "1", "--min-load", "2"], "--min-load is 2 and --max-load 1;"),
        (["--demand", "1", "--max-load", "1", "--min-load=-1"], "--min-load is -1;"),
    ],
)
@pytest.mark.parametrize("command", ["solve", "check"])
def test_command_line_names_the_option_that_contradicts(tmp_path, capsys, command, more, told):
    files = asked(tmp_path)[1:]

    code = main([command, *files, *([*files] if command == "check" else []), *more])

    assert code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        (
            "item,a\nx,1\n",
            ["--demand", "2", "--max-load", "1"],
            "1 seat cannot be filled: raise --max-load, lower --demand or remove conflicts.\n",
        ),
        (
            "item,a\nx,1\n",
            ["--demand", "1", "--max-load", "2", "--min-load", "2"],
            "least loads lack 1 item: lower --min-load, raise --demand or remove conflicts.\n",
        ),
        (
            "item,a,b\nx,C,1\ny,C,1\n",
            ["--demand", "2", "--max-load", "2", "--min-load", "2"],
            "2 seats cannot be filled and least loads lack 2 items: "
            "raise --max-load, lower --min-load, lower --demand or remove conflicts.\n",
        ),
    ],
)
def test_command_line_tells_only_what_is_short_and_exits_as_its_check(tmp_path, capsys, text, more, told):
    out = tmp_path / "out.csv"

    solved = main([*(command := asked(tmp_path, *more, text=text)), "--out", str(out)])
    err = capsys.readouterr().err
    checked = main(["check", command[1], str(out), *more])

    assert err == told
    assert solved == checked == 1


@pytest.mark.parametrize("cell", ["1_000", "٣"])
def test_cell_in_other_digits_is_refused(tmp_path, cell):
    path = tmp_path / "fits.csv"
    path.write_text(f"item,a\nx,{cell}\n", encoding="utf-8")

    with pytest.raises(AffinityFileError, match=r"line 2, column 2: .* is not written as a number"):
        read_affinities(path)


def test_check_counts_one_in_the_singular():
    verdict = check_matrix(affinities([[1, 1]]), [(0, 0)], demand=2, most=1, least=1)

    assert verdict.faults == ("p0 has 1 assessor; 2 are asked for", "r1 has 0 items; 1 to 1 are allowed")


@pytest.mark.parametrize("numbers", [{"most": 10**10}, {"demand": 10**20}, {"seconds": math.nan}])
def test_solver_refuses_numbers_it_cannot_hold(numbers):
    with pytest.raises(ValueError, match=r"too large|nan seconds"):
        solve_matrix(affinities([[1]]), **{"demand": 1, "most": 10**10 if "demand" in numbers else 1, **numbers})
