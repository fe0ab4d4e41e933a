"""Forms: one nomination, endorsement or officer, read by the rules of the files."""

import pytest

from intake.columns import NOMINATIONS
from intake.files import read_nominations
from intake.forms import NOMINATION as FIELDS
from intake.forms import read_endorsement, read_nomination, read_officer
from intake.problems import BadForm
from tests.intake.filled import NOMINATION, OFFICER, written

FORM = {name: cell for name, cell in NOMINATION.items() if name not in {"nominator_email", "reference"}}
ENDORSEMENT = {name: cell for name, cell in FORM.items() if name.startswith("endors")}


def wrong(form: dict[str, str]) -> list[str]:
    with pytest.raises(BadForm) as refused:
        read_nomination(form)
    assert str(refused.value).count("\n") == len(refused.value.problems) - 1
    return [f"{one.column}: {one.sentence}" for one in refused.value.problems]


def test_read_nomination_form_reads_as_the_line_of_a_file_does():
    [row] = read_nominations(written(NOMINATION))

    form = read_nomination(FORM)

    apart = {"line", "reference", "nominator_email"}
    assert form.model_dump(exclude=apart) == row.model_dump(exclude=apart)
    assert set(FIELDS) == set(NOMINATIONS) - {"nominator_email"}


def test_read_nomination_form_route_and_endorsers_organisation_follow_unless_said():
    form = read_nomination({**FORM, "route": "", "endorser_organisation": " "})

    assert (form.route, form.endorser_organisation) == ("organisation", NOMINATION["organisation"])


def test_read_nomination_form_without_endorsement_is_refused_for_an_organisation_alone():
    bare = {name: cell for name, cell in FORM.items() if name not in ENDORSEMENT}

    faults = wrong(bare)
    alone = read_nomination({**bare, "route": "self"})

    assert [fault.partition(":")[0] for fault in faults] == list(ENDORSEMENT)
    assert all("An organisation's nomination needs its endorser" in fault for fault in faults)
    assert not alone.endorsed


def test_read_nomination_form_every_problem_is_told_at_once():
    faults = wrong({**FORM, "nominee_name": "Sam\u200b", "nominee_email": "nowhere", "readiness": ""})

    assert [fault.partition(":")[0] for fault in faults] == ["nominee_name", "nominee_email", "readiness"]
    assert "Character 4 is a zero width space (U+200B)" in faults[0]


def test_read_nomination_form_link_in_a_name_is_refused():
    faults = wrong({**FORM, "nominee_name": "Sign in at www.evil.test", "endorser_name": "Ada http://evil.test"})

    assert faults == [
        f"{column}: This holds a web address, a slash, < or >; here a name is needed. Remove that part."
        for column in ("nominee_name", "endorser_name")
    ]
    with pytest.raises(BadForm, match="full_name: This holds a web address"):
        read_officer({**OFFICER, "full_name": "Usha evil.test/in"})


def test_read_nomination_form_nobody_endorses_themselves():
    assert wrong({**FORM, "endorser_email": NOMINATION["nominee_email"]}) == [
        "endorser_email: Nobody endorses themselves: name another endorser."
    ]


def test_read_nomination_form_reference_is_of_the_organisation():
    assert read_nomination({**FORM, "reference": "r1d-7"}).reference == "R1D-7"
    assert "begin with the code" in wrong({**FORM, "reference": "05A-7"})[0]


def test_read_endorsement_form_wants_every_field():
    read_endorsement(ENDORSEMENT)

    with pytest.raises(BadForm) as refused:
        read_endorsement({**ENDORSEMENT, "endorsement": " "})

    assert [problem.column for problem in refused.value.problems] == ["endorsement"]


def test_read_officer_form_nominator_needs_an_organisation():
    assert read_officer(OFFICER).organisation == OFFICER["organisation"]

    with pytest.raises(BadForm, match="give its code"):
        read_officer({**OFFICER, "organisation": ""})
