import pytest

from allocation.affinities import AffinityFileError, read_affinities, read_assignment


def told(tmp_path, content):
    path = tmp_path / "fits.csv"
    path.write_bytes(content)
    with pytest.raises(AffinityFileError) as raised:
        read_affinities(path)
    return [(fault.line, fault.column, fault.reason) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b'item,a,b\nx,1,2\ny,"1,2\nz,1,2\n', 3, 2),
        (b'item,a,b\r\nx,1,2\r\n\r\ny,1,"2\r\nz,1,2\r\n', 4, 3),
        (b'"item\nname",a,b\nx,1,2\n"y,1,2\n', 4, 1),
        (b'item,a,b\nx,1,2\ny,1,"2" 3\nz,1,2\n', 3, 3),
        (b'item,"a ""x"" ,b",b\nx,1,2\ny,"a ""1,2\n', 3, 2),
        (b'item,a,b\n"","","\n', 2, 3),
    ],
)
def test_broken_quote_is_told_where_it_stands(tmp_path, content, line, column):
    faults = told(tmp_path, content)

    assert [fault[:2] for fault in faults] == [(line, column)]
    assert faults[0][2].startswith("is not CSV: ")


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b"item,a,b\nx,1,\xff\n", 2, 3),
        (b"\xef\xbb\xbfitem,\xe9,b\nx,1,2\n", 1, 2),
        (b'"item, \n name",a,b\r\nx,"1,\xff",2\r\n', 3, 2),
        (b"item,\xc3\xa9,b\n\nx,1,2\n\xfe,1,2\n", 4, 1),
    ],
)
def test_byte_that_is_no_text_is_told_where_it_stands(tmp_path, content, line, column):
    assert told(tmp_path, content) == [(line, column, "is not UTF-8 text")]


def test_row_of_several_lines_is_told_by_the_line_it_begins_on(tmp_path):
    assert told(tmp_path, b'item,a\n"x\ny",oops\n')[0][:2] == (2, 2)


def test_one_cell_is_told_in_the_singular(tmp_path):
    assert told(tmp_path, b"item,a\nx\n") == [(2, 2, "1 cell, but the header has 2")]


def test_names_and_fits_are_read_whatever_ends_the_lines(tmp_path):
    path = tmp_path / "fits.csv"
    path.write_bytes(b'\xef\xbb\xbfitem,"a, b",c\r\n"x ""y""",1,C\r\n\r\nz,.5,-2e3\r\n')

    read = read_affinities(path)

    assert (read.items, read.assessors) == (('x "y"', "z"), ("a, b", "c"))
    assert read.fits[1].tolist() == [0.5, -2000.0]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("x,a\ny,b\n", "line 1, column 1: names a pair where the header item,assessor belongs"),
        ("", "line 1, column 1: the file is empty; begin with the header item,assessor"),
        ("item,assessor\nx,a\nq,b\n", "line 3, column 1: no item is called 'q'"),
        ("item,assessor\nx\n", "line 2, column 2: 1 cell; write item,assessor"),
    ],
)
def test_assignment_is_refused_where_it_is_wrong(tmp_path, content, told):
    fits, path = tmp_path / "fits.csv", tmp_path / "out.csv"
    fits.write_text("item,a,b\nx,1,2\ny,1,2\n")
    path.write_text(content)

    with pytest.raises(AffinityFileError) as raised:
        read_assignment(path, read_affinities(fits))

    assert told in str(raised.value)


@pytest.mark.parametrize("header", ["item,assessor", "paper,reviewer"])
def test_assignment_with_a_header_is_read_whole(tmp_path, header):
    fits, path = tmp_path / "fits.csv", tmp_path / "out.csv"
    fits.write_text("paper,assessor,b\nitem,1,2\ny,1,2\n")
    path.write_text(f"{header}\nitem,b\ny,assessor\n")

    pairs = read_assignment(path, read_affinities(fits))

    assert pairs == [(0, 1), (1, 0)]
