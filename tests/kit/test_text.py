"""Text from outside is cleaned or refused before anything else sees it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskbell.kit import text

EVIL_NAMES = [
    "../../etc/passwd",
    "C:\\windows\\x.exe",
    "CON",
    "nul.txt",
    ".htaccess",
    "\u200b.htaccess",
    "a\x00.png",
    "\u202egpj.exe",
    "\u2024\u2024/x",
    "x" * 300 + ".pdf",
    "...",
    " ",
    "\uff0e\uff0e\uff0fx",
    "a\r\nSet-Cookie: x",
]


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_an_evil_file_name_becomes_a_harmless_one(name: str) -> None:
    cleaned = text.file_name(name)
    assert cleaned
    assert len(cleaned) <= text.FILE_NAME_LIMIT
    assert not cleaned.startswith(".")
    assert not set(cleaned) & set('/\\:*?"<>|\r\n\x00')
    assert cleaned.partition(".")[0].upper() not in {"CON", "NUL"}


@given(st.text(max_size=400))
def test_cleaning_a_file_name_twice_changes_nothing(name: str) -> None:
    cleaned = text.file_name(name)
    assert text.file_name(cleaned) == cleaned
    assert not any(unicodedata.category(sign)[0] == "C" or sign in "/\\" for sign in cleaned)


@pytest.mark.parametrize("broken", ["a\x00b", "a\ud800b"])
def test_nul_and_lone_surrogates_are_refused(broken: str) -> None:
    with pytest.raises(text.BadText, match="not text"):
        text.clean(broken, 100)


def test_a_text_too_long_is_refused_with_the_limit() -> None:
    with pytest.raises(text.BadText, match="at most 10 characters, this has 11") as refusal:
        text.clean("x" * 11, 10)
    assert refusal.value.limit == 10


def test_line_ends_become_one_kind_and_other_controls_go() -> None:
    assert text.clean("a\r\nb\rc\x07\td\u0301", 100) == "a\nb\nc\td\u0301"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50))
def test_a_name_is_one_trimmed_line_without_direction_marks(value: str) -> None:
    name = text.name(value)
    assert name == name.strip()
    assert not set(name) & set("\n\r\t\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b")


@pytest.mark.parametrize(
    "bad", ["", "a", "a@", "@b", "a b@c.d", "a@b@c", "a@b..c", "a@b.c\nBcc: x@y.z", "<a@b.c>"]
)
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(text.BadText, match=r"name@example\.org"):
        text.email(bad)


def test_an_address_is_kept_in_lower_case() -> None:
    assert text.email(" Ada.Lovelace@Example.ORG ") == "ada.lovelace@example.org"
