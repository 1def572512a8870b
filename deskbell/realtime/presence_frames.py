"""Frames about who is there, of customers, visitors and staff, and what customers look at (docs/protocol.md)."""

from msgspec import Struct, field


class FollowVisitors(Struct, tag_field="t", tag="follow_visitors", forbid_unknown_fields=True):
    """Be told who is on the sites, or no longer."""

    on: bool


class Page(Struct, omit_defaults=True):
    """A page the customer opened while chatting; for staff only."""

    url: str
    title: str = ""


class CustomersFrame(Struct, tag_field="t", tag="customers", omit_defaults=True):
    """Customers with an open chat who came or went. `all`: these are all who are here, forget what was known."""

    on: list[int]
    off: list[int] = field(default_factory=list)
    all: bool = False


class LiveVisitor(Struct, omit_defaults=True):
    """A browser that is on a site now. `id` names it for `POST /api/visitors/{id}/chat`; `chat`: its open chat.

    All staff see it: so it names nobody (PEOPLE-7).
    """

    id: int
    site: int
    url: str
    title: str
    page_at: int
    started_at: int
    pages: int
    visits: int
    referrer: str
    locale: str
    zone: str
    device: str
    chat: int | None = None
    owner: int | None = None


class VisitorsFrame(Struct, tag_field="t", tag="visitors", omit_defaults=True):
    """Who came, changed or went since the last one; with `all`, everybody. `count`: also those beyond the rows."""

    count: int
    rows: list[LiveVisitor]
    gone: list[int]
    all: bool = False


class StaffOnline(Struct):
    id: int
    online: bool


class PresenceFrame(Struct, tag_field="t", tag="presence"):
    staff: list[StaffOnline]
