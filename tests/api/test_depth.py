"""How deep JSON is nested is known before it is parsed, and soon (hardening B2, R10)."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskbell.api.security import JSON_DEPTH, depth

WORDS = st.text(alphabet='[]{}"\\abc\n', max_size=20)
TREES = st.recursive(
    WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
)
NASTY = {
    "escaped quotes": b'"' + b'\\"' * 60_000,
    "backslashes": b'"' + b"\\" * 120_000,
    "quotes": b'"' * 120_000,
    "line breaks": b'"' + b"\\\n" * 60_000,
    "brackets": b"[" * 120_000,
}


def levels(value: Any) -> int:
    if isinstance(value, dict | list):
        return 1 + max((levels(v) for v in (value.values() if isinstance(value, dict) else value)), default=0)
    return 0


@given(TREES)
def test_brackets_in_strings_do_not_count(tree: Any) -> None:
    wrapped = [tree] + [[]] * JSON_DEPTH  # many brackets: the short way out is not taken
    assert depth(json.dumps(wrapped).encode()) == levels(wrapped)


@pytest.mark.parametrize("name", NASTY)
def test_no_text_keeps_the_server_busy(name: str) -> None:
    begun = time.process_time()
    depth(b"[" * 40 + NASTY[name])
    assert time.process_time() - begun < 1
