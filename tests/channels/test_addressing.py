"""Signed reply addresses and message ids (CHANNEL-4): whoever guesses one gets nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskbell.channels.email.addressing import (
    mail_key,
    message_id,
    number_of,
    number_of_message_id,
    reply_address,
    why_not_base,
)

KEY = mail_key(b"a secret of this installation....")
OTHER = mail_key(b"a secret of another installation.")
BASE = "support@mail.example.org"


@given(st.integers(1, 10**12 - 1))
def test_an_address_and_a_message_id_lead_back_to_their_conversation(number: int) -> None:
    address = reply_address(BASE, number, KEY)
    assert number_of(address, KEY) == number
    assert number_of(address.upper(), KEY) == number  # servers fold case
    assert number_of_message_id(message_id(number, 7, KEY, "mail.example.org"), KEY) == number
    assert len(address.split("@")[0]) <= 64


def test_a_forged_or_foreign_address_leads_nowhere() -> None:
    address = reply_address(BASE, 12, KEY)
    forged = address.replace("+c12.", "+c13.")
    for wrong in (
        forged,
        address.replace("+c12.", "+c012."),
        BASE,
        "",
        "+@",
        "x" * 10_000,
        address + "\n.x@y",
    ):
        assert number_of(wrong, KEY) is None
    assert number_of(address, OTHER) is None


def test_a_message_id_of_another_entry_kind_or_key_is_not_taken() -> None:
    mine = message_id(12, 3, KEY, "example.org")
    for wrong in (mine.replace(".m3.", ".m4."), mine.replace(".m3.", ".t3."), mine.replace("<c12", "<c13")):
        assert number_of_message_id(wrong, KEY) is None
    assert number_of_message_id(mine, OTHER) is None


def test_an_address_is_no_message_id_and_tells_nothing_of_the_key() -> None:
    signature = reply_address(BASE, 12, KEY).split(".")[1].split("@")[0]
    assert len(signature) == 16
    assert signature not in message_id(12, 0, KEY, "example.org")


@pytest.mark.parametrize(
    "address", ["nobody", "a b@c.de", "a@b.de\r\nBcc: x@y.de", "ä@b.de", f"{'x' * 31}@b.de", "a@[1.2.3.4]"]
)
def test_what_cannot_carry_a_number_is_no_base_address(address: str) -> None:
    assert why_not_base(address)


def test_an_ordinary_address_is_a_base() -> None:
    assert why_not_base("help.desk@example.org") is None
    assert why_not_base("deskbell@localhost") is None
