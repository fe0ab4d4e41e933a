"""Who counts as one caller."""

import pytest
from fastapi import Request

from portal.rates import caller_of


def asked_from(host: str | None) -> Request:
    return Request({"type": "http", "client": (host, 1) if host is not None else None, "headers": []})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:0db8:0001:0002::1", "2001:db8:1:2::9"),
    ],
)
def test_addresses_that_one_customer_has_are_one_caller(one: str, other: str) -> None:
    assert caller_of(asked_from(one)) == caller_of(asked_from(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("192.0.2.7", "192.0.2.8"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8"),
        ("testclient", "other"),
    ],
)
def test_addresses_of_others_are_other_callers(one: str, other: str) -> None:
    assert caller_of(asked_from(one)) != caller_of(asked_from(other))


def test_caller_without_an_address_has_none() -> None:
    assert caller_of(asked_from(None)) == ""
