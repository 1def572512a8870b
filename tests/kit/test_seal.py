"""Secrets at rest open only here, at their place, with our key."""

import pytest

from deskbell.kit.seal import Seal, SealError

TOKEN = b"canary-token"
PLACE = "channel_account:1:secrets"


def test_what_is_sealed_opens_again_and_shows_nothing() -> None:
    seal = Seal(b"k" * 32)
    sealed = seal.seal(TOKEN, PLACE)
    assert TOKEN not in sealed
    assert seal.seal(TOKEN, PLACE) != sealed
    assert seal.open(sealed, PLACE) == TOKEN


def test_it_opens_nowhere_else() -> None:
    seal = Seal(b"k" * 32)
    sealed = seal.seal(TOKEN, PLACE)
    with pytest.raises(SealError):
        seal.open(sealed, "channel_account:2:secrets")
    with pytest.raises(SealError):
        Seal(b"x" * 32).open(sealed, PLACE)


@pytest.mark.parametrize("at", [0, 1, 5, 20, -1])
def test_a_changed_byte_is_noticed(at: int) -> None:
    seal = Seal(b"k" * 32)
    broken = bytearray(seal.seal(TOKEN, PLACE))
    broken[at] ^= 1
    with pytest.raises(SealError):
        seal.open(bytes(broken), PLACE)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + b"0" * 4, b"plain text"])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealError):
        Seal(b"k" * 32).open(sealed, PLACE)


def test_a_new_key_opens_what_the_former_one_sealed() -> None:
    former, both = Seal(b"a" * 32), Seal(b"b" * 32, b"a" * 32)
    sealed = former.seal(TOKEN, PLACE)
    assert both.open(sealed, PLACE) == TOKEN
    assert not both.is_newest(sealed)
    assert both.is_newest(both.seal(TOKEN, PLACE))
