"""Every way a file has been seen to be broken: where it is said to be, in which words, and that nothing comes in."""

import io
import zipfile
from typing import NamedTuple

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from intake.columns import LONGEST_STATEMENT
from intake.problems import BadFile
from intake.sheet import LARGEST_FILE
from storage.engine import sessions
from tests.intake.filled import (
    APPLICATION,
    ASSESSOR,
    FILLED,
    NOMINATION,
    OFFICER,
    ORGANISATION,
    bring,
    spoilt,
    stored,
    written,
)


class Broken(NamedTuple):
    name: str
    kind: str
    content: bytes
    line: int
    column: str
    says: str


def _workbook() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


def _without(row: dict[str, str], column: str) -> bytes:
    return written({name: cell for name, cell in row.items() if name != column})


def _renamed(row: dict[str, str], column: str, new: str) -> bytes:
    return written(row).replace(column.encode(), new.encode(), 1)


ASSESSORS = written(ASSESSOR)
SECOND = {**ASSESSOR, "reference": "A-901", "email": "other@example.nhs.test"}
OTHER_NOMINATION = {**NOMINATION, "reference": "R1D-91", "nominee_email": "other@example.nhs.test"}
SELF = {
    **NOMINATION,
    "route": "self",
    "nominator_email": "",
    "endorser_name": "",
    "endorser_email": "",
    "endorser_post": "",
    "endorser_organisation": "",
    "endorsement": "",
}

WHOLE_FILE = [
    Broken("empty file", "assessors", b"", 0, "", "empty"),
    Broken("only blank lines", "assessors", b"\r\n\r\n , ,\r\n", 0, "", "empty"),
    Broken("only a byte order mark", "assessors", b"\xef\xbb\xbf", 0, "", "empty"),
    Broken("only the header", "assessors", ASSESSORS.split(b"\n")[0], 0, "", "nothing below"),
    Broken("Excel workbook renamed", "assessors", _workbook(), 0, "", "Excel workbook"),
    Broken("old Excel workbook", "assessors", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 40, 0, "", "old Excel"),
    Broken("PDF", "assessors", b"%PDF-1.7\n", 0, "", "PDF"),
    Broken("UTF-16", "assessors", ASSESSORS.decode().encode("utf-16"), 0, "", "UTF-16"),
    Broken("cp1252", "assessors", ASSESSORS.decode().encode("cp1252"), 2, "", "CSV UTF-8"),
    Broken("cut within a character", "assessors", ASSESSORS[: ASSESSORS.index("â".encode()) + 1], 2, "", "UTF-8"),
    Broken("NUL byte", "assessors", ASSESSORS.replace(b"A-900", b"A-9\x0000"), 2, "", "NUL"),
    Broken("over ten megabytes", "assessors", ASSESSORS + b"\n" * LARGEST_FILE, 0, "", "Split it"),
    Broken("semicolons", "officers", written(OFFICER).replace(b",", b";"), 1, "", "semicolons"),
    Broken("tabs", "officers", written(OFFICER).replace(b",", b"\t"), 1, "", "tabs"),
    Broken("upright strokes", "officers", written(OFFICER).replace(b",", b"|"), 1, "", "upright strokes"),
    Broken("no header", "assessors", ASSESSORS.split(b"\n", 1)[1], 1, "", "names of the columns"),
    Broken("quote never closed", "assessors", ASSESSORS.replace(b"Chief Ex", b'"Chief Ex'), 2, "", "never closes"),
    Broken(
        "quote closed too early",
        "assessors",
        ASSESSORS.replace(b"Chief Ex", b'"Chief" Ex'),
        2,
        "",
        "middle of a cell",
    ),
    Broken("too many cells", "assessors", ASSESSORS.rstrip() + b",more,cells", 2, "", "14 cells"),
    Broken("unquoted comma", "officers", written(OFFICER).replace(b"Head of", b"Head, of"), 2, "", "Put quotes"),
    Broken("file of another kind", "assessors", written(APPLICATION), 1, "", "names of the columns"),
]

COLUMNS = [
    Broken("missing column", "assessors", _without(ASSESSOR, "capacity"), 1, "", "capacity is missing"),
    Broken(
        "missing criterion", "applications", _without(APPLICATION, "partnerships"), 1, "", "partnerships is missing"
    ),
    Broken("unknown column", "assessors", _renamed(ASSESSOR, "interests", "hobbies"), 1, "", "“hobbies” is not one"),
    Broken("column twice", "assessors", _renamed(ASSESSOR, "interests", "post"), 1, "", "post stands twice"),
    Broken("column without a name", "assessors", _renamed(ASSESSOR, "interests", ""), 1, "", "has no name"),
]

CELLS = [
    Broken("empty name", "assessors", spoilt("assessors", full_name=" "), 2, "full_name", "fill it in"),
    Broken("name is a formula", "assessors", spoilt("assessors", full_name="=A1&B1"), 2, "full_name", "formula"),
    Broken("name begins with plus", "officers", spoilt("officers", full_name="+Usha"), 2, "full_name", "formula"),
    Broken(
        "name begins with at", "nominations", spoilt("nominations", nominee_name="@x"), 2, "nominee_name", "formula"
    ),
    Broken("post is a formula", "officers", spoilt("officers", post='=HYPERLINK("x")'), 2, "post", "formula"),
    Broken("address is a formula", "officers", spoilt("officers", email="=a@b.nhs.test"), 2, "email", "formula"),
    Broken(
        "name is an address", "officers", spoilt("officers", full_name="a@b.test"), 2, "full_name", "name is needed"
    ),
    Broken("name without a letter", "officers", spoilt("officers", full_name="12345"), 2, "full_name", "no letter"),
    *(
        Broken(
            f"{column} of {kind} holds {mark}",
            kind,
            spoilt(kind, **{column: f"Sam {mark} Reed"}),
            2,
            column,
            "web address",
        )
        for mark in ("https://evil.test", "WWW.evil.test", "evil.test/in", "<b", "b>", "\\\\evil")
        for kind, column in (
            ("assessors", "full_name"),
            ("officers", "full_name"),
            ("nominations", "nominee_name"),
            ("nominations", "endorser_name"),
        )
    ),
    Broken("control character", "assessors", spoilt("assessors", full_name="Si\x07n"), 2, "full_name", "control"),
    Broken(
        "zero width space in a name",
        "assessors",
        spoilt("assessors", full_name="Si\u200bân"),
        2,
        "full_name",
        "Character 3 is a zero width space (U+200B), which cannot be seen",
    ),
    Broken("joiner in an address", "officers", spoilt("officers", email="a\u200d@b.test"), 2, "email", "Character 2"),
    Broken(
        "byte order mark in a code",
        "officers",
        spoilt("officers", organisation="\ufeffR1D"),
        2,
        "organisation",
        "U+FEFF",
    ),
    Broken(
        "soft hyphen in a reference",
        "nominations",
        spoilt("nominations", reference="R1D\u00ad-90"),
        2,
        "reference",
        "soft hyphen",
    ),
    Broken(
        "control character in a statement",
        "nominations",
        spoilt("nominations", endorsement="I\x08 agree."),
        2,
        "endorsement",
        "control",
    ),
    Broken(
        "text turned round", "assessors", spoilt("assessors", full_name="Si\u202ean"), 2, "full_name", "direction"
    ),
    Broken(
        "name on two lines", "assessors", spoilt("assessors", full_name="Siân\nFeatherby"), 2, "full_name", "one line"
    ),
    Broken("name too long", "assessors", spoilt("assessors", full_name="S" * 201), 2, "full_name", "at most 200"),
    Broken(
        "statement too long",
        "applications",
        spoilt("applications", partnerships="a " * LONGEST_STATEMENT),
        2,
        "partnerships",
        f"at most {LONGEST_STATEMENT}",
    ),
    Broken("not an address", "assessors", spoilt("assessors", email="sian.featherby"), 2, "email", "not an email"),
    Broken("two addresses", "assessors", spoilt("assessors", email="a@b.test, c@d.test"), 2, "email", "not an email"),
    Broken("unknown role", "assessors", spoilt("assessors", role="ceo"), 2, "role", "chief_executive"),
    Broken("role nobody can be given", "officers", spoilt("officers", role="system"), 2, "role", "moderator"),
    Broken("unknown route", "nominations", spoilt("nominations", route="friend"), 2, "route", "organisation, self"),
    Broken("unknown readiness", "nominations", spoilt("nominations", readiness="soon"), 2, "readiness", "ready_now"),
    Broken(
        "unknown endorser", "nominations", spoilt("nominations", endorser_post="boss"), 2, "endorser_post", "one of"
    ),
    Broken("not a code", "assessors", spoilt("assessors", organisation="R 1 D"), 2, "organisation", "code such as"),
    Broken(
        "type not known", "organisations", spoilt("organisations", type="hospice"), 2, "type", "one of acute_trust"
    ),
    Broken(
        "no such day",
        "assessors",
        spoilt("assessors", training_expires="2018-02-30"),
        2,
        "training_expires",
        "no such",
    ),
    Broken(
        "no such month",
        "assessors",
        spoilt("assessors", training_expires="09/30/2018"),
        2,
        "training_expires",
        "no such",
    ),
    Broken(
        "short year",
        "assessors",
        spoilt("assessors", training_expires="30/09/18"),
        2,
        "training_expires",
        "2018-09-30",
    ),
    Broken("year 18", "assessors", spoilt("assessors", training_expires="0018-09-30"), 2, "training_expires", "year"),
    Broken("capacity negative", "assessors", spoilt("assessors", capacity="-1"), 2, "capacity", "from 0 to 50"),
    Broken("capacity no number", "assessors", spoilt("assessors", capacity="six"), 2, "capacity", "whole number"),
    Broken("capacity a fraction", "assessors", spoilt("assessors", capacity="5.5"), 2, "capacity", "whole number"),
    Broken("capacity beyond reason", "assessors", spoilt("assessors", capacity="600"), 2, "capacity", "from 0 to 50"),
    Broken("capacity in other digits", "assessors", spoilt("assessors", capacity="٦"), 2, "capacity", "whole number"),
    Broken("no availability", "assessors", spoilt("assessors", availability=""), 2, "availability", "fill it in"),
    Broken("only a separator", "assessors", spoilt("assessors", availability=";"), 2, "availability", "at least one"),
    Broken(
        "one day only", "assessors", spoilt("assessors", availability="2018-10-01"), 2, "availability", "two days"
    ),
    Broken(
        "ends before it begins",
        "assessors",
        spoilt("assessors", availability="2018-11-01 to 2018-10-01"),
        2,
        "availability",
        "Swap",
    ),
    Broken(
        "ranges share a day",
        "assessors",
        spoilt("assessors", availability="2018-10-01 to 2018-10-10;2018-10-10 to 2018-10-20"),
        2,
        "availability",
        "share a day",
    ),
    Broken(
        "earlier post without a day",
        "assessors",
        spoilt("assessors", previous_organisations="05A 2016-03-31;R1A"),
        2,
        "previous_organisations",
        "Entry 2",
    ),
    Broken(
        "earlier organisation twice",
        "assessors",
        spoilt("assessors", previous_organisations="05A 2016-03-31;05a 2015-03-31"),
        2,
        "previous_organisations",
        "twice",
    ),
    Broken(
        "conflict without a kind",
        "assessors",
        spoilt("assessors", declared_conflicts="R1D-80"),
        2,
        "declared_conflicts",
        "a kind",
    ),
    Broken(
        "conflict of no known kind",
        "assessors",
        spoilt("assessors", declared_conflicts="R1D-80 golf"),
        2,
        "declared_conflicts",
        "line_management",
    ),
    Broken(
        "conflict twice",
        "assessors",
        spoilt("assessors", declared_conflicts="R1D-80 family;R1D-80 business"),
        2,
        "declared_conflicts",
        "twice",
    ),
    Broken(
        "too many interests",
        "assessors",
        spoilt("assessors", interests=";".join(f"subject {number}" for number in range(21))),
        2,
        "interests",
        "at most 20",
    ),
    Broken("assessor's reference", "assessors", spoilt("assessors", reference="900"), 2, "reference", "A-001"),
    Broken("nomination's reference", "nominations", spoilt("nominations", reference="R1D"), 2, "reference", "hyphen"),
    Broken(
        "reference made a number",
        "nominations",
        spoilt("nominations", reference="4.00E-01"),
        2,
        "reference",
        "as text",
    ),
    Broken(
        "answer neither yes nor no",
        "applications",
        spoilt("applications", reports_to_board="maybe"),
        2,
        "reports_to_board",
        "yes or no",
    ),
]

ACROSS = [
    Broken("organisation twice", "organisations", written(ORGANISATION, ORGANISATION), 3, "code", "line 2"),
    Broken(
        "assessor twice", "assessors", written(ASSESSOR, {**SECOND, "reference": "a-900"}), 3, "reference", "line 2"
    ),
    Broken(
        "address twice",
        "assessors",
        written(ASSESSOR, {**SECOND, "email": "Sian.Featherby@example.nhs.test"}),
        3,
        "email",
        "line 2",
    ),
    Broken(
        "nomination twice",
        "nominations",
        written(NOMINATION, {**OTHER_NOMINATION, "reference": "R1D-90"}),
        3,
        "reference",
        "line 2",
    ),
    Broken(
        "nominee twice",
        "nominations",
        written(NOMINATION, {**NOMINATION, "reference": "R1D-91"}),
        3,
        "nominee_email",
        "line 2",
    ),
    Broken("application twice", "applications", written(APPLICATION, APPLICATION), 3, "reference", "line 2"),
    Broken("role twice", "officers", written(OFFICER, OFFICER), 3, "role", "line 2"),
    Broken(
        "one address, two names",
        "officers",
        written(OFFICER, {**OFFICER, "full_name": "Eve", "role": "board", "organisation": ""}),
        3,
        "full_name",
        "another name",
    ),
    Broken(
        "endorser with two names",
        "nominations",
        written(NOMINATION, {**OTHER_NOMINATION, "endorser_name": "M Tembo"}),
        3,
        "endorser_name",
        "another name",
    ),
    Broken(
        "reference of another organisation",
        "nominations",
        spoilt("nominations", reference="R1A-90"),
        2,
        "reference",
        "begin with",
    ),
    Broken(
        "no nominator",
        "nominations",
        spoilt("nominations", nominator_email=""),
        2,
        "nominator_email",
        "Who nominates",
    ),
    Broken(
        "nominates themselves",
        "nominations",
        spoilt("nominations", nominator_email=NOMINATION["nominee_email"]),
        2,
        "nominator_email",
        "write self",
    ),
    Broken(
        "self, by another",
        "nominations",
        written({**SELF, "nominator_email": "n@example.nhs.test"}),
        2,
        "nominator_email",
        "nobody else",
    ),
    Broken(
        "no endorser",
        "nominations",
        spoilt("nominations", endorser_email=""),
        2,
        "endorser_email",
        "needs its endorser",
    ),
    Broken(
        "no endorser's words",
        "nominations",
        spoilt("nominations", endorsement=""),
        2,
        "endorsement",
        "needs its endorser",
    ),
    Broken(
        "endorser half given",
        "nominations",
        written({**SELF, "endorser_name": "Moira Tembo"}),
        2,
        "endorser_post",
        "half given",
    ),
    Broken(
        "endorses themselves",
        "nominations",
        spoilt("nominations", endorser_email=NOMINATION["nominee_email"]),
        2,
        "endorser_email",
        "Nobody endorses",
    ),
    Broken(
        "nominator of nothing", "officers", spoilt("officers", organisation=""), 2, "organisation", "give its code"
    ),
    Broken(
        "moderator of one trust", "officers", spoilt("officers", role="moderator"), 2, "organisation", "whole region"
    ),
]

AGAINST_THE_DATABASE = [
    Broken(
        "assessor's unknown organisation",
        "assessors",
        spoilt("assessors", organisation="ZZZ"),
        2,
        "organisation",
        "No organisation",
    ),
    Broken(
        "unknown earlier organisation",
        "assessors",
        spoilt("assessors", previous_organisations="ZZZ 2016-01-01"),
        2,
        "previous_organisations",
        "No organisation",
    ),
    Broken(
        "officer's unknown organisation",
        "officers",
        spoilt("officers", organisation="ZZZ"),
        2,
        "organisation",
        "No organisation",
    ),
    Broken(
        "nomination's unknown organisation",
        "nominations",
        spoilt("nominations", organisation="ZZZ", reference="ZZZ-1"),
        2,
        "organisation",
        "No organisation",
    ),
    Broken(
        "endorser's unknown organisation",
        "nominations",
        spoilt("nominations", endorser_organisation="ZZZ"),
        2,
        "endorser_organisation",
        "No organisation",
    ),
    Broken(
        "nominator unknown",
        "nominations",
        spoilt("nominations", nominator_email="who@example.nhs.test"),
        2,
        "nominator_email",
        "not a nominator",
    ),
    Broken(
        "nominator of another organisation",
        "nominations",
        spoilt("nominations", organisation="R1A", reference="R1A-1"),
        2,
        "nominator_email",
        "not a nominator",
    ),
    Broken("reference taken", "nominations", spoilt("nominations", reference="R1D-80"), 2, "reference", "new number"),
    Broken(
        "nominee already nominated",
        "nominations",
        spoilt("nominations", nominee_email="Tendai.Sowerby@example.nhs.test"),
        2,
        "nominee_email",
        "already nominated",
    ),
    Broken(
        "application without a nomination",
        "applications",
        spoilt("applications", reference="R1D-77"),
        2,
        "reference",
        "No nomination",
    ),
]

PERSONAL = ("featherby", "oakeshott", "raistrick", "tembo", "sowerby", "who@", "@example")

ALL = [*WHOLE_FILE, *COLUMNS, *CELLS, *ACROSS, *AGAINST_THE_DATABASE]


@pytest.mark.parametrize("broken", ALL, ids=lambda broken: broken.name.replace(" ", "-"))
async def test_broken_file_is_refused_and_nothing_is_imported(
    broken: Broken, untouched: AsyncEngine, as_it_was: dict[str, list[str]]
):
    async with sessions(untouched)() as session:
        with pytest.raises(BadFile) as refused:
            await bring(session, broken.kind, broken.content)

        # Before the session is rolled back: what the import wrote would be seen.
        after = await stored(session)
        await session.rollback()
    problems = refused.value.problems
    said = {(problem.line, problem.column) for problem in problems if broken.says in problem.sentence}
    assert (broken.line, broken.column) in said, str(refused.value)
    whole = " ".join([str(refused.value), *(f"{problem.value_shown} {problem.sentence}" for problem in problems)])
    assert [word for word in PERSONAL if word in whole.casefold()] == []
    assert after == as_it_was


@pytest.mark.parametrize("kind", FILLED)
async def test_the_same_file_unbroken_is_taken(kind: str, untouched: AsyncEngine):
    async with sessions(untouched)() as session:
        await bring(session, kind, written(FILLED[kind]))

        await session.rollback()


OTHERS = [(kind, other) for kind in FILLED for other in FILLED if kind != other]


@pytest.mark.parametrize(("kind", "other"), OTHERS, ids=[f"{kind}-as-{other}" for kind, other in OTHERS])
async def test_file_of_another_kind_is_one_problem_that_names_the_columns_and_the_kind(
    kind: str, other: str, untouched: AsyncEngine
):
    async with sessions(untouched)() as session:
        with pytest.raises(BadFile) as refused:
            await bring(session, other, written(FILLED[kind], FILLED[kind]))

    [problem] = refused.value.problems
    assert (problem.line, problem.column) == (1, "")
    assert "They are: " in problem.sentence
    assert f"'import {kind}'" in problem.sentence


async def test_several_wrong_columns_are_one_problem_and_no_other_kind_is_guessed(untouched: AsyncEngine):
    content = _renamed({name: cell for name, cell in ASSESSOR.items() if name != "capacity"}, "availability", "days")

    async with sessions(untouched)() as session:
        with pytest.raises(BadFile) as refused:
            await bring(session, "assessors", content)

    [problem] = refused.value.problems
    assert "capacity is missing; availability is missing; column 9 “days” is not one" in problem.sentence
    assert "looks like" not in problem.sentence


def test_there_are_at_least_forty_kinds_of_broken_file():
    names = {broken.name for broken in ALL}

    assert len(names) == len(ALL)
    assert len(names) >= 40


async def test_all_problems_of_a_file_are_told_at_once(untouched: AsyncEngine):
    content = written(
        {**ASSESSOR, "capacity": "many", "role": "boss"},
        {**SECOND, "email": "nothing", "availability": ""},
    )

    async with sessions(untouched)() as session:
        with pytest.raises(BadFile) as refused:
            await bring(session, "assessors", content)

    assert [(problem.line, problem.column) for problem in refused.value.problems] == [
        (2, "capacity"),
        (2, "role"),
        (3, "availability"),
        (3, "email"),
    ]
