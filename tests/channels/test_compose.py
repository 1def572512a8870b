"""What mails of a conversation look like: the site's look, the customer's language and time, nothing a stranger chose."""

from datetime import UTC, datetime

import pytest

from deskbell.channels.email import paper
from deskbell.channels.email.addressing import mail_key
from deskbell.channels.email.compose import (
    QUOTED_LINES,
    TRANSCRIPT_SIGNS,
    House,
    Line,
    Matter,
    reply,
    transcript,
)
from deskbell.kit.mail import Mail, compose
from tests.rules import rule

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUSE = House("help@desk.test", ("Desk", "desk@desk.test"), mail_key(b"k"), "https://desk.test")
MATTER = Matter(
    number=7, seq=9, to="marta@home.test", subject="", locale="", time_zone="", verified=True, department="",
    mail_address="", mail_name="", site="Shop", color="#112233",
)  # fmt: skip
EVIL = '<a href="https://evil.test">Win</a> https://evil.test'


def line(text: str, author: str = "customer", html: str | None = None) -> Line:
    return Line(author, "Ada" if author == "agent" else "", text, html, (), AT)


def sent(matter: Matter, *lines: Line, subject: str = "", intro: str = "") -> Mail:
    return transcript(HOUSE, matter, lines, subject=subject, intro=intro, question=None)


@rule("LIFE-13")
def test_it_wears_the_sites_name_and_colour_and_is_read_in_the_dark() -> None:
    mail = sent(MATTER, line("Hello"))
    assert "Shop" in mail.html
    assert "#112233" in mail.html
    assert "prefers-color-scheme: dark" in mail.html
    assert '<meta name="color-scheme" content="light dark">' in mail.html


@rule("LIFE-13")
@pytest.mark.parametrize(("locale", "direction", "you"), [
    ("", "ltr", "You"), ("xx,de-AT", "ltr", "Sie"), ("ar,de", "rtl", "أنت"), (",xx", "ltr", "You"),
])  # fmt: skip
def test_it_speaks_the_customers_language_from_the_right_side(locale: str, direction: str, you: str) -> None:
    mail = sent(MATTER._replace(locale=locale), line("Hello"))
    assert f'dir="{direction}"' in mail.html
    assert f"{you} (" in mail.text


@rule("LIFE-13")
@pytest.mark.parametrize(("zone", "shown"), [
    ("", "09:00 UTC"), ("Europe/Oslo", "10:00 CET"), ("Mars/Base", "09:00 UTC"), ("../../etc/passwd", "09:00 UTC"),
])  # fmt: skip
def test_times_are_the_customers_where_they_are_known(zone: str, shown: str) -> None:
    assert shown in sent(MATTER._replace(time_zone=zone), line("Hello")).text


@rule("LIFE-13", "VISITOR-6")
def test_no_link_is_made_of_a_customers_words_and_the_texts_fill_in_only_ours() -> None:
    mail = sent(
        MATTER._replace(verified=False),
        line(EVIL),
        subject="Bye {number} {site} {name}",
        intro="{0.x} {intro}",
    )
    assert "<a " not in mail.html
    assert mail.subject == "Bye 7 Shop {name}"
    assert "given in a chat" in mail.text


@rule("TICKET-9")
def test_a_reply_keeps_its_format_loses_what_could_run_and_quotes_shortly() -> None:
    html = "<p>So <strong>bold</strong><script>x()</script><img src=x onerror=y()></p>"
    before = line("\n".join(f"line {n}" for n in range(40)))
    mail = reply(HOUSE, MATTER, line("So bold", "agent", html), before)
    assert "<strong>bold</strong>" in mail.html
    assert "script" not in mail.html.partition("</style>")[2]
    assert "onerror" not in mail.html
    assert mail.text.count("\n> ") == QUOTED_LINES
    assert mail.subject == "Your conversation #7"


def test_a_subject_of_the_ticket_carries_the_number_and_stays_one_line() -> None:
    mail = reply(HOUSE, MATTER._replace(subject="My\r\nBcc: x@evil.test lamp"), line("Yes", "agent"), None)
    assert mail.subject == "My Bcc: x@evil.test lamp [#7]"
    assert compose(mail, "d@desk.test", AT)["Bcc"] is None


@pytest.mark.parametrize("field", ["mail_name", "department", "site"])
def test_a_name_with_a_line_break_sends_nothing_at_all(field: str) -> None:
    evil = {field: "Shop\r\nBcc: x@evil.test"}
    mail = sent(MATTER._replace(site="")._replace(**evil), line("Hello"))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="cannot be addressed"):
        compose(mail, "d@desk.test", AT)


def test_a_thread_without_end_becomes_a_mail_with_an_end() -> None:
    many = [line("x" * 10_000) for _ in range(100)]
    mail = sent(MATTER, *many, line("The last word"))
    assert len(mail.text) < TRANSCRIPT_SIGNS * 1.1
    assert "The last word" in mail.text
    assert "Earlier messages are left out" in mail.text


def test_a_colour_is_a_colour_or_the_usual_one_and_ink_can_be_read_on_it() -> None:
    assert paper.safe_color("red;}</style>") == paper.USUAL_COLOR
    assert (paper.ink_on("#ffffff"), paper.ink_on("#000000")) == ("#000000", "#ffffff")


def test_without_an_address_for_answers_none_is_named() -> None:
    mail = transcript(HOUSE._replace(base=""), MATTER, [line("Hi")], subject="", intro="", question=None)
    assert (mail.reply_to, mail.sender) == ("", ("Shop", "desk@desk.test"))
