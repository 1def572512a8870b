"""Who works at the demo's shop, and where."""

from typing import NamedTuple

PASSWORD = "fjord and pine"
"""Of everybody; it exists in the demo only, which tells it on the terminal."""

SITE_KEY = "fjordpine"
DOMAIN = "fjordpine.example"

DEPARTMENTS = (
    ("Support", "Questions about things you have bought."),
    ("Sales", "Before you buy, for hotels and shops too."),
    ("Delivery", "Where is it, when does it come, and customs."),
    ("Billing", "Invoices, payments, refunds and gift cards."),
)

LABELS = (
    ("damaged", "red"),
    ("delivery", "blue"),
    ("invoice", "slate"),
    ("refund", "amber"),
    ("returns", "violet"),
    ("vip", "pink"),
    ("wholesale", "green"),
)


RUDE = "Insults after the refund"
"""Why somebody is blocked."""
CUSTOMER_FIELDS = (
    ("rooms", "Rooms", "number"),
    ("season", "Season", "text"),
    ("terms", "Terms agreed", "long"),
)

CLOSING_TAGS = ("Solved", "Refunded", "Replaced", "No answer", "Wrong shop")


class Person(NamedTuple):
    """`key` is the part of the address before the @."""

    key: str
    name: str
    role: str
    departments: tuple[str, ...]
    max_chats: int | None = None

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


STAFF = (
    Person("mia", "Mia Chen", "agent", ("Support", "Sales", "Delivery"), 12),
    Person("jonas", "Jonas Berg", "agent", ("Support", "Delivery")),
    Person("aisha", "Aisha Khan", "agent", ("Sales", "Delivery")),
    Person("tomas", "Tomás Rivera", "agent", ("Billing",), 2),
    Person("ingrid", "Ingrid Solberg", "agent", ("Billing", "Delivery"), 2),
    Person("sofia", "Sofia Rossi", "supervisor", ("Support",)),
    Person("alex", "Alex Morgan", "admin", ()),
)

SIGN_INS = tuple(
    (person.role, person.email, PASSWORD) for person in STAFF if person.key in ("mia", "sofia", "alex")
)
"""(role, address, password) of one person of each role, for the terminal."""

LOOK = {"color": "#2f5d50", "position": "right", "launcher": "bubble", "locale": ""}
TEXTS = {
    "title": "Fjord & Pine",
    "welcome": "Hello! Ask us anything about lamps, mugs and blankets.",
    "offline": "Nobody is here just now. Leave a message and we will answer as soon as we are back.",
    "placeholder": "Write a message",
}
FORM = {"name": "need", "email": "ask", "department": "ask", "fields": []}
