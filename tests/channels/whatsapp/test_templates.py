"""What a template asks for, and what is sent of it (CHANNEL-2)."""

from typing import Any

import pytest

from deskbell.channels.base import OutFile
from deskbell.channels.whatsapp import templates
from deskbell.domain.channels import Template
from tests.rules import rule

pytestmark = rule("CHANNEL-2")

PICTURE = OutFile("0" * 32, "a.png", "image/png", 1000)


def template(*components: dict[str, Any], style: str = "positional", category: str = "UTILITY") -> Template:
    return Template("1", "hello", "en", category, "APPROVED", "", style, list(components), "")


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "BODY", "text": text, **more}


def test_places_are_asked_for_with_their_examples() -> None:
    one = template(
        {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": {"header_text": ["2041"]}},
        body("Hello {{1}}, {{2}} comes.", example={"body_text": [["Marta", "it"]]}),
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Thanks"},
                {
                    "type": "URL",
                    "text": "Track",
                    "url": "https://x.test/{{1}}",
                    "example": ["https://x.test/2"],
                },
            ],
        },
    )
    form = templates.form(one)
    assert form is not None
    assert [(v.key, v.example) for v in form.variables] == [
        ("header.1", "2041"),
        ("body.1", "Marta"),
        ("body.2", "it"),
        ("button.1.1", "https://x.test/2"),
    ]
    values = {"header.1": "7", "body.1": "Marta", "body.2": "a\n lamp", "button.1.1": "7"}
    filled = templates.fill(one, values, None, None)
    assert (filled.text, filled.shown["header"]) == (
        "Hello Marta, a lamp comes.",
        {"kind": "text", "text": "Order 7"},
    )
    assert filled.content["template"]["components"] == [
        {"type": "header", "parameters": [{"type": "text", "text": "7"}]},
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "Marta"}, {"type": "text", "text": "a lamp"}],
        },
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "7"}]},
    ]


def test_named_places_go_by_their_names() -> None:
    one = template(body("Hello {{first_name}}"), style="named")
    filled = templates.fill(one, {"body.first_name": "Marta"}, None, None)
    assert filled.content["template"]["components"][0]["parameters"] == [
        {"type": "text", "text": "Marta", "parameter_name": "first_name"}
    ]


@pytest.mark.parametrize(
    ("values", "file", "said"),
    [
        ({}, PICTURE, "Fill in body.1"),
        ({"body.1": " \n"}, PICTURE, "Fill in body.1"),
        ({"body.1": "x", "body.2": "y"}, PICTURE, "no place for body.2"),
        ({"body.1": "x"}, None, "needs a file"),
        ({"body.1": "x" * 1020}, PICTURE, "at most 1024"),
        ({"body.1": "x"}, PICTURE._replace(name="a.pdf", type="application/pdf"), "takes pictures"),
        ({"body.1": "x"}, PICTURE._replace(size=6_000_000), "at most 5 MB"),
    ],
)
def test_what_cannot_be_sent_is_said_before(values: dict[str, str], file: OutFile | None, said: str) -> None:
    one = template({"type": "HEADER", "format": "IMAGE"}, body("Hello {{1}}"))
    with pytest.raises(ValueError, match=said):
        templates.fill(one, values, file, {"id": "x"})


def test_a_file_goes_where_the_header_has_it() -> None:
    one = template({"type": "HEADER", "format": "IMAGE"}, body("Look"))
    filled = templates.fill(one, {}, PICTURE, {"id": PICTURE.id})
    assert filled.content["file"]["id"] == PICTURE.id
    assert filled.shown["header"] == {"kind": "image", "file": {"id": PICTURE.id}}


@pytest.mark.parametrize(
    "one",
    [
        template(body("Your code is {{1}}"), category="AUTHENTICATION"),
        template(body("x"), {"type": "CAROUSEL", "cards": []}),
        template(body("x"), {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Go"}]}),
        template({"type": "FOOTER", "text": "x"}),
        template({"type": "HEADER", "format": "HOLOGRAM"}, body("x")),
    ],
)
def test_what_only_programs_send_is_not_offered(one: Template) -> None:
    assert templates.form(one) is None


@pytest.mark.parametrize("said", [{}, {"name": "x"}, {"name": 1, "language": None}, {"components": "x"}])
def test_what_is_no_template_is_left_out(said: dict[str, Any]) -> None:
    assert templates.template_of(said) is None
