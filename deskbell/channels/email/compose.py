"""Mails of a conversation: an agent's reply, and the transcript (TICKET-9, LIFE-10, LIFE-13). Pure.

An address may be a stranger's that somebody typed. So nothing of a mail but the messages themselves is the
customer's to choose: no name of theirs in subject or greeting, no link made of their words.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from deskbell.kit.html import safe_html
from deskbell.kit.mail import Attachment, Mail

from . import paper, words
from .addressing import domain_of, message_id, reply_address

THREAD = 10
"""Earlier mails of the conversation that a mail names."""
QUOTED_LINES = 12
QUOTED_SIGNS = 1_000
TRANSCRIPT_SIGNS = 400_000
"""Of one transcript; the earliest messages beyond are left out."""


class House(NamedTuple):
    """What is the same for all mails. `base`: where answers arrive, "" for nowhere; `sender`: (name, address)."""

    base: str
    sender: tuple[str, str]
    key: bytes
    address: str
    """Of the desk, for links."""


class Matter(NamedTuple):
    """The conversation a mail is about, as the store knows it. `earlier`: ids of mails before, without brackets."""

    number: int
    seq: int
    to: str
    subject: str
    locale: str
    time_zone: str
    verified: bool
    department: str
    mail_address: str
    mail_name: str
    site: str
    color: str
    earlier: tuple[str, ...] = ()


class Line(NamedTuple):
    """One message. `links`: (name, address) of its files."""

    author: str
    name: str
    text: str
    html: str | None
    links: tuple[tuple[str, str], ...]
    at: datetime


class Question(NamedTuple):
    """The survey at the end of a transcript. `link` takes `&score=`."""

    kind: str
    text: str
    link: str


def reply(
    house: House, matter: Matter, line: Line, before: Line | None, attachments: Sequence[Attachment] = ()
) -> Mail:
    """An agent's reply; `before`: the customer's message it answers, quoted shortly."""
    phrases = words.phrases(matter.locale)
    text, html = line.text, _content(line)
    signature = "\n".join(one for one in (line.name, _team(matter)) if one)
    plain = [text, *(f"{phrases.file}: {name}\n{address}" for name, address in line.links)]
    if signature:
        plain.append(f"-- \n{signature}")
        html += paper.paragraph(f"\n{signature}", dim=True)
    if before is not None and (quoted := _short(before.text)):
        lead = phrases.wrote.format(when=_when(before.at, matter.time_zone))
        plain.append("\n".join([lead, *(f"> {one}" for one in quoted.split("\n"))]))
        html += paper.quote(lead, quoted)
    subject = matter.subject or phrases.subject.format(number=matter.number)
    tag = f"[#{matter.number}]"
    subject = subject if f"#{matter.number}" in subject else f"{subject} {tag}"
    mail = _mail(house, matter, subject, "\n\n".join(one for one in plain if one), html, "m", line.name)
    return mail._replace(attachments=tuple(attachments), automatic=False)


def transcript(
    house: House,
    matter: Matter,
    lines: Sequence[Line],
    *,
    subject: str,
    intro: str,
    question: Question | None,
    shortened: bool = False,
) -> Mail:
    """What was said, public messages only. Empty `subject` and `intro`: the usual words in the customer's language."""
    phrases = words.phrases(matter.locale)
    values = {"number": str(matter.number), "site": matter.site}
    title = _filled(subject or phrases.subject, values)
    hello = _filled(intro or phrases.intro, values)
    lines, cut = _last(lines)
    plain, html = [hello], [paper.heading(matter.site or title), paper.paragraph(hello)]
    if cut or shortened:
        plain.append(phrases.earlier)
        html.append(paper.paragraph(phrases.earlier, dim=True))
    for line in lines:
        mine = line.author == "customer"
        who, when = phrases.you if mine else line.name or phrases.agent, _when(line.at, matter.time_zone)
        files = [f"{phrases.file}: {name}\n{address}" for name, address in line.links]
        plain.append("\n".join([f"{who} ({when}):", *([line.text] if line.text else []), *files]))
        html.append(paper.bubble(who, when, _content(line), mine=mine))
    if question is not None:
        plain.append(f"{question.text}\n{question.link}")
        html.append(_question(question, matter.color))
    if not matter.verified:
        plain.append(phrases.why_you)
        html.append(f'<div style="margin-top:24px">{paper.paragraph(phrases.why_you, dim=True)}</div>')
    return _mail(house, matter, title, "\n\n".join(plain) + "\n", "\n".join(html), "t")


def _mail(
    house: House, matter: Matter, subject: str, text: str, html: str, kind: str, agent: str = ""
) -> Mail:
    name, address = house.sender
    address = matter.mail_address or house.base or address
    name = _team(matter) or name
    base = (matter.mail_address or house.base) if house.base else ""
    domain = domain_of(address)
    thread = message_id(matter.number, 0, house.key, domain_of(house.base or house.sender[1]))
    earlier = tuple(
        f"<{one}>" for one in matter.earlier if one.isascii() and one.isprintable() and " " not in one
    )
    language = words.language_of(matter.locale)
    return Mail(
        to=matter.to,
        subject=" ".join(subject.split()),
        text=text,
        key="",
        html=paper.page(
            title=subject,
            color=matter.color,
            body=html,
            language=language,
            direction=words.direction(matter.locale),
        ),
        sender=(f"{agent} ({name})" if agent and name else agent or name, address),
        reply_to=reply_address(base, matter.number, house.key) if base else "",
        message_id=message_id(matter.number, matter.seq, house.key, domain, kind),
        references=(thread, *(one for one in earlier if one != thread)),
    )


def _team(matter: Matter) -> str:
    return matter.mail_name or matter.department or matter.site


def _content(line: Line) -> str:
    html = safe_html(line.html) if line.html and line.author == "agent" else paper.said(line.text)
    files = "".join(f"<br>{paper.link(address, name)}" for name, address in line.links)
    return html + files


def _question(question: Question, color: str) -> str:
    scores = range(1, 6) if question.kind == "csat" else range(11)
    buttons = "".join(paper.button(f"{question.link}&score={n}", str(n), color) for n in scores)
    return f'<div style="margin-top:28px">{paper.paragraph(question.text)}<p style="margin:0">{buttons}</p></div>'


def _filled(text: str, values: dict[str, Any]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _last(lines: Sequence[Line]) -> tuple[Sequence[Line], bool]:
    """The last ones, as many as fit, and whether some are left out."""
    size = 0
    for place in range(len(lines) - 1, -1, -1):
        size += len(lines[place].text) + len(lines[place].html or "")
        if size > TRANSCRIPT_SIGNS:
            return lines[place + 1 :], True
    return lines, False


def _short(text: str) -> str:
    """The beginning of what is quoted."""
    lines = text[:QUOTED_SIGNS].strip().split("\n")[:QUOTED_LINES]
    short = "\n".join(lines)
    return short if len(short) == len(text.strip()) else f"{short} …"


def _when(at: datetime, zone: str) -> str:
    return f"{at.astimezone(_zone(zone)):%Y-%m-%d %H:%M %Z}"


def _zone(name: str) -> tzinfo:
    """The customer's zone, UTC when it is unknown; the name came from a browser."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):
        return UTC
