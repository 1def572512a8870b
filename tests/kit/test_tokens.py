"""Passwords, signatures, limits and addresses."""

from ipaddress import ip_network

import pytest

from deskbell.kit import ids, net, tokens
from deskbell.kit.limits import Buckets
from tests.rules import rule

LIGHT = {"memory_kib": 64, "passes": 1}


async def test_a_password_is_right_only_for_its_own_hash() -> None:
    passwords = tokens.Passwords(**LIGHT)
    stored = await passwords.hash("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert (await passwords.check(stored, "correct horse battery")).right
    assert not (await passwords.check(stored, "Correct horse battery")).right
    assert not (await passwords.check(None, "nobody has this password")).right
    assert not (await passwords.check("not a hash", "x")).right


async def test_a_weaker_hash_asks_to_be_renewed() -> None:
    stored = await tokens.Passwords(**LIGHT).hash("correct horse battery")
    check = await tokens.Passwords(memory_kib=128, passes=1).check(stored, "correct horse battery")
    assert check == tokens.Check(right=True, renew=True)


def test_a_signature_is_good_for_one_purpose_one_subject_and_a_time() -> None:
    signature = tokens.sign(b"k" * 32, "file", "abc", until=1000)
    assert tokens.signed(b"k" * 32, "file", "abc", signature, now=999)
    assert not tokens.signed(b"k" * 32, "file", "abc", signature, now=1000)
    assert not tokens.signed(b"k" * 32, "file", "abd", signature, now=999)
    assert not tokens.signed(b"k" * 32, "mail", "abc", signature, now=999)
    assert not tokens.signed(b"x" * 32, "file", "abc", signature, now=999)
    longer = signature.replace("1000.", "9999.")
    assert not tokens.signed(b"k" * 32, "file", "abc", longer, now=999)


@pytest.mark.parametrize(
    "odd", ["", ".", "1000", "1000.", "-1.x", "²." + "a" * 43, "9" * 99 + ".x", "1000.\ud800"]
)
def test_an_odd_signature_is_simply_wrong(odd: str) -> None:
    assert not tokens.signed(b"k" * 32, "file", "abc", odd, now=1)


def test_tokens_are_long_and_never_the_same() -> None:
    assert len({ids.token() for _ in range(100)}) == 100
    assert len(ids.token()) == 43
    assert len(ids.public_id()) == 32
    assert ids.digest("a") != ids.digest("b")


def test_a_bucket_empties_and_fills_with_time() -> None:
    bucket = Buckets(rate=1, burst=2)
    assert [bucket.take("ada", 0), bucket.take("ada", 0)] == [0, 0]
    assert bucket.take("ada", 0) == 1
    assert bucket.take("ben", 0) == 0
    assert bucket.take("ada", 1) == 0


def test_a_flood_of_names_does_not_fill_memory() -> None:
    bucket = Buckets(rate=1, burst=2, size=100)
    for number in range(1000):
        bucket.take(number, 0)
    assert len(bucket) == 100


@rule("BLOCK-4")
@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
        ("10.0.0.2", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.2", ["6.6.6.6, 1.2.3.4, 10.0.0.7"], "1.2.3.4"),
        ("10.0.0.2", ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        ("10.0.0.2", ["1.2.3.4, <b>x</b>"], "10.0.0.2"),
        ("10.0.0.2", [], "10.0.0.2"),
        ("::ffff:10.0.0.2", ["[2001:DB8::1]:443"], "2001:db8::1"),
        (None, ["1.2.3.4"], "0.0.0.0"),
    ],
)
def test_the_address_is_taken_only_from_trusted_proxies(
    peer: str | None, forwarded: list[str], client: str
) -> None:
    assert net.client_address(peer, forwarded, [ip_network("10.0.0.0/8")]) == client


def test_a_limit_counts_an_ipv6_home_as_one() -> None:
    assert net.limit_key("2001:db8::1") == net.limit_key("2001:db8::ffff")
    assert net.limit_key("1.2.3.4") == "1.2.3.4"
