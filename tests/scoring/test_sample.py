import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ids import NominationId
from scoring.sample import draw, in_audit_sample

NOMINATIONS = [NominationId(f"pilot-{number:04}") for number in range(1, 2001)]


def test_sample_can_be_recomputed_with_sha256sum():
    nomination, seed = NOMINATIONS[41], "midlands-and-east-2018-audit"

    program = shutil.which("sha256sum")
    assert program is not None

    text = f"{seed}:{nomination}".encode()
    answer = subprocess.run([program], input=text, capture_output=True, check=True)  # noqa: S603 -- a fixed program

    fraction = int(answer.stdout.split()[0], 16) / 2**256
    assert in_audit_sample(nomination, seed, fraction + 1e-9)
    assert not in_audit_sample(nomination, seed, fraction - 1e-9)


def test_sample_holds_about_its_share():
    drawn = sum(in_audit_sample(nomination, "a seed", 0.05) for nomination in NOMINATIONS)

    # 2,000 draws at 5%: 100 expected, standard deviation 9.7.
    assert 70 <= drawn <= 130


@pytest.mark.parametrize("nomination", NOMINATIONS[:20])
def test_share_of_zero_takes_nobody_and_of_one_everybody(nomination):
    assert not in_audit_sample(nomination, "a seed", 0.0)
    assert in_audit_sample(nomination, "a seed", 1.0)


@given(share=st.floats(0, 1), more=st.floats(0, 1))
def test_larger_sample_holds_the_smaller_one(share, more):
    small, large = sorted((share, more))

    for nomination in NOMINATIONS[:30]:
        assert in_audit_sample(nomination, "a seed", large) or not in_audit_sample(nomination, "a seed", small)


def test_another_seed_draws_another_sample():
    one, other = ({name for name in NOMINATIONS if in_audit_sample(name, seed, 0.05)} for seed in ("one", "two"))

    assert one != other
    assert len({draw(name, "one") for name in NOMINATIONS}) == len(NOMINATIONS)
