"""What people write, made clean before it becomes a command; the same for sockets and HTTP. Raises BadText."""

from typing import Protocol

from deskbell.domain.commands import StartChat
from deskbell.domain.people import Customer
from deskbell.kit import html as markup
from deskbell.kit import text as words
from deskbell.realtime.frames import MAX_TEXT

_PLAIN = ("<p>", "</p>", "<br>")


class Starting(Protocol):
    """The `start` frame and the body of POST /api/widget/start."""

    id: str
    text: str
    files: list[str]
    name: str
    email: str
    department: int | None
    fields: dict[str, str]


def customer_text(text: str) -> str:
    return words.clean(text, MAX_TEXT).strip()


def formatted(text: str, html: str | None) -> tuple[str, str | None]:
    """(plain text, safe HTML or None when the text has no format) of a reply (CHAT-4)."""
    if html is None:
        return words.clean(text, MAX_TEXT).strip(), None
    rich = markup.rich(html, text_limit=MAX_TEXT)
    bare = rich.html
    for tag in _PLAIN:
        bare = bare.replace(tag, "")
    return rich.text.strip(), rich.html if "<" in bare else None


def start_command(customer: Customer, site_id: int, start: Starting) -> StartChat:
    email = start.email.strip()
    return StartChat(
        actor=customer,
        client_id=start.id,
        channel="web",
        site_id=site_id,
        department_id=start.department,
        text=customer_text(start.text),
        files=tuple(start.files),
        name=words.name(start.name, 200, "The name"),
        email=words.email(email) if email else "",
        fields=tuple((words.name(k, 40), words.clean(v, 1000)) for k, v in sorted(start.fields.items())),
    )
