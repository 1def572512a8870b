"""A reply's format is a safe subset (CHAT-4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskbell.kit import html
from deskbell.kit.text import BadText
from tests.rules import rule

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><style><a title='</style><img src=x onerror=alert(1)>'>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="//evil.example">x</a>',
    '<p style="position:fixed" onclick="alert(1)">x</p>',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<form action="/x"><button formaction="javascript:alert(1)">x',
]


@rule("CHAT-4")
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_gets_through(attack: str) -> None:
    safe = html.safe_html(attack).lower()
    for sign in (
        "<script",
        "<img",
        "<svg",
        "<iframe",
        "<form",
        "<style",
        "onerror=",
        "onclick=",
        "style=",
        "href=",
    ):
        assert sign not in safe


@rule("CHAT-4")
def test_the_formats_of_a_reply_stay_and_have_a_plain_text() -> None:
    reply = html.rich(
        "<p><strong>Bold</strong> <em>italic</em> <s>strike</s></p><ul><li><p>one</p></li><li>two</li></ul>"
        '<ol><li>first</li></ol><blockquote>quote</blockquote><pre><code>x = 1\ny</code></pre><p><a href="https://a.example/">site</a></p>'
    )
    assert all(
        f"<{tag}" in reply.html for tag in ("strong", "em", "s", "ul", "ol", "blockquote", "code", "a href")
    )
    assert reply.text == (
        "Bold italic strike\n• one\n• two\n1. first\nquote\nx = 1\ny\nsite (https://a.example/)"
    )


def test_a_link_cannot_reach_back_to_the_desk() -> None:
    assert 'rel="noopener noreferrer nofollow ugc"' in html.safe_html('<a href="https://a.example">x</a>')


@given(st.text(alphabet="<>/abpi =\"'&;!-script", max_size=80))
def test_cleaning_twice_changes_nothing(value: str) -> None:
    once = html.safe_html(value)
    assert html.safe_html(once) == once


@pytest.mark.parametrize("bomb", ["<b>" * 1000, "<div>" * 1000, "<ul><li>" * 50])
def test_a_nesting_bomb_is_refused_with_the_limit(bomb: str) -> None:
    with pytest.raises(BadText, match="at most 16 deep"):
        html.rich(bomb)


def test_too_much_is_refused_with_the_limit() -> None:
    with pytest.raises(BadText, match="at most 40000"):
        html.rich("x" * 40_001)
    with pytest.raises(BadText, match="at most 10000"):
        html.rich("x" * 10_001)
