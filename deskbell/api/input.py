"""What people write, made clean before it becomes a command; the same for sockets and HTTP. Raises BadText."""

from typing import Any, Protocol

from deskbell.desk.directory import Directory
from deskbell.domain.commands import StartChat
from deskbell.domain.errors import Refused
from deskbell.domain.people import Customer
from deskbell.kit import html as markup
from deskbell.kit import text as words
from deskbell.realtime.frames import MAX_TEXT

_PLAIN = ("<p>", "</p>", "<br>")


class Known(Protocol):
    """What is known of a customer already: what the form need not ask again."""

    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...


class Starting(Protocol):
    """The `start` frame and the body of POST /api/widget/start."""

    id: str
    text: str
    files: list[str]
    name: str
    email: str
    department: int | None
    fields: dict[str, str]
    greeting: str


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


def start_command(
    directory: Directory, customer: Customer, site_id: int, start: Starting, address: str
) -> StartChat:
    """`address`: what counts as one client. `greeting` names a trigger of the site, whose own text counts.

    Raises BadText.
    """
    site = directory.sites.get(site_id)
    triggers = site.triggers if site is not None else ()
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
        address=address,
        fields=tuple((words.name(k, 40), words.clean(v, 1000)) for k, v in sorted(start.fields.items())),
        greeting=next((t["text"] for t in triggers if t["id"] == start.greeting), ""),
    )


def check_form(directory: Directory, start: StartChat, known: Known) -> None:
    """What the site requires is there, and the department is one it offers (VISITOR-4). Raises Refused.

    A site made a moment ago on another node may not be known here yet: then nothing is required.
    """
    site = directory.sites.get(start.site_id or 0)
    if site is None:
        return
    form, given = site.form, dict(start.fields)
    if form.get("name") == "need" and not (start.name or known.name):
        raise _missing("name", "Your name")
    if form.get("email") == "need" and not (start.email or known.email):
        raise _missing("email", "Your e-mail address")
    if start.department_id is not None and not directory.offers(site, start.department_id):
        raise Refused("department", "This department cannot be chosen here.")
    # With one department there is nothing to choose, and no widget asks.
    if start.department_id is None and form.get("department") == "need" and directory.choices(site) > 1:
        raise _missing("department", "The department")
    for own in form.get("fields", ()):
        if own.get("need") and not given.get(own["key"], "").strip():
            raise _missing(own["key"], _quoted(own))


def _quoted(own: dict[str, Any]) -> str:
    return f"\u201c{own['label']}\u201d"


def _missing(field: str, what: str) -> Refused:
    return Refused("department" if field == "department" else "field", f"{what} is required here ({field}).")
