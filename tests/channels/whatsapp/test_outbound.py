"""What an agent writes, as WhatsApp takes it: cut, marked and measured (CHANNEL-2)."""

import io
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deskbell.channels.base import Account, OutFile, Outgoing, Person, SendError
from deskbell.channels.whatsapp import errors, files, marks, outbound
from deskbell.channels.whatsapp.graph import Graph
from deskbell.kit import pictures
from tests.rules import rule

pytestmark = rule("CHANNEL-2")

MB = 1024 * 1024
OURS = Account(1, "100200300", "Shop", {}, {"token": "canary-token"})
MARTA = Person("US.1", "15555550111")


def file(name: str, type_: str, size: int = 1000) -> OutFile:
    return OutFile("0" * 32, name, type_, size)


def parts(text: str = "", *given: OutFile, html: str | None = None) -> list[dict[str, Any]]:
    return outbound.parts(Outgoing(text, html, given))


@given(st.text(max_size=300), st.integers(10, 60))
def test_a_long_text_is_cut_and_nothing_of_it_is_lost(text: str, most: int) -> None:
    pieces = outbound.split(text, most)
    assert all(piece and outbound.length(piece) <= most for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_text_is_cut_where_it_hurts_least() -> None:
    assert outbound.split("One two.\n\nThree four.", 15) == ["One two.", "Three four."]
    assert outbound.split("One two three", 9) == ["One two", "three"]
    assert [len(piece) for piece in outbound.split("x" * 4097)] == [4096, 1]
    assert [outbound.length(piece) for piece in outbound.split("😀" * 2049)] == [4096, 2]


def test_a_short_text_stands_under_the_file_and_a_long_one_before_it() -> None:
    picture = file("a.png", "image/png")
    (one,) = parts("Look", picture)
    assert (one["type"], one["image"], one["file"]["id"]) == ("image", {"caption": "Look"}, picture.id)
    assert [part["type"] for part in parts("x" * 1025, picture)] == ["text", "image"]
    assert [part["type"] for part in parts("Listen", file("a.mp3", "audio/mpeg"))] == ["text", "audio"]
    assert [part["type"] for part in parts("Two", picture, file("b.pdf", "application/pdf"))] == [
        "image",
        "document",
    ]


def test_an_answer_quotes_with_its_first_message_only() -> None:
    made = outbound.parts(Outgoing("x" * 5000, None, (), "wamid.A"))
    assert [part.get("context") for part in made] == [{"message_id": "wamid.A"}, None]


@pytest.mark.parametrize(
    ("name", "type_", "size", "limit"),
    [
        ("a.jpg", "image/jpeg", 5 * MB, None),
        ("a.jpg", "image/jpeg", 5 * MB + 1, "5 MB"),
        ("a.webp", "image/webp", 20 * MB, None),
        ("a.mp4", "video/mp4", 16 * MB + 1, "16 MB"),
        ("a.ogg", "audio/ogg", 16 * MB, None),
        ("a.pdf", "application/pdf", 25 * MB, None),
        ("a.csv", "text/csv", 10, None),
        ("a.doc", "application/octet-stream", 10, None),
        ("a.zip", "application/zip", 10, "does not take a.zip"),
        ("a.mov", "video/quicktime", 10, "does not take a.mov"),
    ],
)
def test_files_are_refused_with_the_limit_named(name: str, type_: str, size: int, limit: str | None) -> None:
    why_not = files.why_not(name, type_, size)
    assert (why_not is None) if limit is None else (limit in str(why_not))


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p>Hello <b>big <i>world</i></b>!</p>", "Hello *big* *_world_*!"),
        ("<p><s>no</s> <code>x*y*</code></p>", "~no~ `x*y*`"),
        ("<ul><li>a</li><li>b</li></ul><ol><li>x</li></ol>", "- a\n- b\n1. x"),
        ("<blockquote>one<br>two</blockquote><p>after</p>", "> one\n> two\nafter"),
        ("<pre>a\n  b</pre>", "```a\n  b```"),
        ('<p>see <a href="https://x.test">here</a></p>', "see here (https://x.test)"),
        ("<p><b>one<br>two</b></p>", "*one*\n*two*"),
        ("<p>wor<b>ld</b>s</p>", "worlds"),
        ("<p>a <b> b </b>c</p>", "a  *b* c"),
        ("<p>2*3*4 &lt;b&gt; https://x.test/_a_</p>", "2*3*4 <b> https://x.test/_a_"),
    ],
)
def test_formatting_becomes_whatsapps_marks(html: str, said: str) -> None:
    assert marks.from_html(html) == said


@pytest.mark.parametrize("text", ["*bold*", "_it_ is", "~gone~", "> quoted", "- item"])
def test_plain_words_do_not_turn_into_format(text: str) -> None:
    shown = marks.plain(text)
    assert shown != text
    assert shown.replace(marks.APART, "") == text


async def test_other_pictures_become_jpeg_or_png_that_fit() -> None:
    content = io.BytesIO()
    Image.effect_noise((1500, 1500), 90).save(content, "WEBP", lossless=True)
    changed = await pictures.convert(content.getvalue(), 300_000)
    assert changed is not None
    assert (changed[1], len(changed[0]) <= 300_000) == ("image/jpeg", True)
    assert await pictures.convert(b"GIF89a, or not", 300_000) is None


async def sent_to(answer: httpx.Response | Exception) -> tuple[SendError, list[httpx.Request]]:
    asked = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    graph = Graph("https://graph.test", "v23.0", httpx.MockTransport(handle))
    with pytest.raises(SendError) as raised:
        await outbound.send(graph, OURS, MARTA, parts("Hi")[0], "attempt", None)
    await graph.close()
    return raised.value, asked


@pytest.mark.parametrize(
    ("fault", "ambiguous"),
    [
        (httpx.ConnectError("x"), False),
        (httpx.ConnectTimeout("x"), False),
        (httpx.PoolTimeout("x"), False),
        (httpx.ReadTimeout("canary-token"), True),
        (httpx.WriteError("x"), True),
        (httpx.RemoteProtocolError("x"), True),
    ],
)
async def test_only_what_cannot_have_arrived_is_tried_again(fault: Exception, ambiguous: bool) -> None:
    error, _ = await sent_to(fault)
    assert (error.ambiguous, error.retry is None) == (ambiguous, ambiguous)
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    ("status", "ambiguous", "retry"),
    [(500, True, False), (502, True, False), (503, False, True), (429, False, True)],
)
async def test_a_status_without_a_reason_is_judged_with_care(
    status: int, ambiguous: bool, retry: bool
) -> None:
    error, _ = await sent_to(httpx.Response(status, text="<html>Sorry</html>"))
    assert (error.ambiguous, error.retry is not None) == (ambiguous, retry)


async def test_an_answer_that_makes_no_sense_may_have_been_a_yes() -> None:
    answers: list[dict[str, Any]] = [{}, {"messages": []}, {"messages": [{"id": 7}]}]
    for answer in answers:
        error, _ = await sent_to(httpx.Response(200, json=answer))
        assert error.ambiguous


async def test_the_token_stays_out_of_errors_whatever_meta_says() -> None:
    said = {"error": {"code": 190, "message": "Malformed access token canary-token"}}
    error, asked = await sent_to(httpx.Response(401, json=said))
    assert error.account
    assert "canary" not in str(error)
    assert "canary" not in str(asked[0].url)


def test_every_class_of_error_has_its_own_consequence() -> None:
    def kind(code: int, **more: Any) -> str:
        error = errors.of_answer(400, {"error": {"code": code, "message": "m", **more}})
        if error.account:
            return "account"
        if error.window:
            return "window"
        return "retry" if error.retry is not None else "final"

    assert {kind(code) for code in errors.TRANSIENT} == {"retry"}
    assert {kind(code) for code in errors.ACCOUNT} == {"account"}
    assert kind(131047) == "window"
    assert {kind(code) for code in (100, 131026, 131049, 131053, 132000, 132012, 999_999)} == {"final"}
    assert kind(100, error_subcode=33) == "account"


async def test_who_hides_the_number_is_written_to_by_their_id() -> None:
    asked: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        return httpx.Response(200, json={"messages": [{"id": "wamid.X"}]})

    graph = Graph("https://graph.test", "v23.0", httpx.MockTransport(handle))
    for person in (MARTA, Person("US.1", None)):
        await outbound.send(graph, OURS, person, parts("Hi")[0], "attempt", None)
    await graph.close()
    assert b'"to":"+15555550111"' in asked[0]
    assert b'"recipient":"US.1"' in asked[1]
    assert all(b'"biz_opaque_callback_data":"attempt"' in body for body in asked)
