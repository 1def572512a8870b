"""Bodies and answers of the HTTP API around the core (docs/protocol.md). Times are milliseconds, UTC."""

from typing import Annotated, Any, Literal

from litestar.params import PathParameter
from msgspec import UNSET, Meta, Struct, UnsetType, field, structs

from deskbell.kit.tokens import PASSWORD_MOST
from deskbell.realtime.frames import ClientId, VisitorView

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Email = Annotated[str, Meta(min_length=3, max_length=254)]
Password = Annotated[str, Meta(min_length=1, max_length=PASSWORD_MOST)]
Secret = Annotated[str, Meta(max_length=100)]
SmallId = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Ids = Annotated[list[SmallId], Meta(max_length=500)]
MaxChats = Annotated[int, Meta(ge=1, le=100)]
Role = Literal["agent", "supervisor", "admin"]
Color = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$")]
Phrase = Annotated[str, Meta(max_length=500)]
FieldKey = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
OwnHours = dict[Annotated[str, Meta(max_length=20)], Any]
"""Business hours; what is wrong with them the domain says (domain/hours.py)."""
SmallIdInPath = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
BigIdInPath = Annotated[int, PathParameter(ge=1, le=2**62)]


class Body(Struct, forbid_unknown_fields=True, kw_only=True):
    """What comes in: unknown fields are refused, so nothing can be set that is not named here."""

    def given(self) -> dict[str, Any]:
        """The fields that were sent, of a body that may leave some out."""
        return {name: value for name, value in structs.asdict(self).items() if value is not UNSET}


class SettingsOf(Struct, frozen=True, kw_only=True):
    live_sort: str = "activity"
    theme: str = "system"
    sound: bool = True
    enter_sends: bool = True
    quiet: list[str] = field(default_factory=list)
    digest: bool = True
    lists: dict[str, Any] | None = None
    """As ListSettings; None: never changed."""


class Me(Struct, frozen=True, kw_only=True):
    id: int
    name: str
    email: str
    role: str
    available: bool
    online: bool
    settings: SettingsOf
    departments: list[int]


class SetupState(Struct, frozen=True):
    open: bool


class Setup(Body):
    token: Secret
    name: Name
    email: Email
    password: Password


class SignIn(Body):
    email: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=PASSWORD_MOST)]


class Availability(Body):
    available: bool


class PasswordChange(Body):
    old: Annotated[str, Meta(max_length=PASSWORD_MOST)]
    new: Password


class StaffNew(Body):
    name: Name
    email: Email
    role: Role
    password: Password | None = None
    max_chats: MaxChats | None = None
    departments: Ids = field(default_factory=list)


class StaffChange(Body):
    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    max_chats: MaxChats | UnsetType | None = UNSET
    departments: Ids | UnsetType = UNSET


class StaffView(Struct, frozen=True, kw_only=True):
    id: int
    name: str
    email: str
    role: str
    active: bool
    available: bool
    online: bool
    max_chats: int | None
    departments: list[int]
    created_at: int


class StaffList(Struct, frozen=True):
    staff: list[StaffView]


class TeamMember(Struct, frozen=True, kw_only=True):
    id: int
    name: str
    role: str
    online: bool
    available: bool
    active: bool
    departments: list[int]


class Team(Struct, frozen=True):
    staff: list[TeamMember]


class LabelView(Struct, frozen=True):
    id: int
    name: str
    color: str


class LabelList(Struct, frozen=True):
    labels: list[LabelView]


class Look(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    color: Color = "#2563eb"
    position: Literal["right", "left"] = "right"
    launcher: Literal["bubble", "hidden"] = "bubble"
    locale: Annotated[str, Meta(pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$", max_length=35)] = ""


class Texts(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    title: Phrase = ""
    welcome: Phrase = ""
    offline: Phrase = ""
    placeholder: Phrase = ""


Asked = Literal["off", "ask", "need"]


class FormField(Body):
    key: FieldKey
    label: Name
    kind: Literal["text", "long", "number", "email", "phone"] = "text"
    need: bool = False


class Form(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    name: Asked = "ask"
    email: Asked = "ask"
    department: Asked = "ask"
    fields: Annotated[list[FormField], Meta(max_length=10)] = field(default_factory=list)


class PastConversation(Struct, frozen=True):
    """`owner`: who has it, or had it last; `at`: when it began."""

    id: int
    kind: str
    state: str
    at: int
    preview: str
    owner: int | None = None
    closed_at: int | None = None


class PastConversations(Struct, frozen=True):
    conversations: list[PastConversation]
    next: int | None


class NoteView(Struct, frozen=True, kw_only=True):
    id: int
    by: int
    text: str
    at: int


class NoteList(Struct, frozen=True):
    notes: list[NoteView]
    total: int
    next: int | None


class NoteNew(Body):
    id: ClientId
    text: Annotated[str, Meta(min_length=1, max_length=8_000)]


class AgentLoad(Struct, frozen=True):
    """An agent's live chats, and the most that routing gives them (LIFE-3)."""

    id: int
    chats: int
    most: int


class Loads(Struct, frozen=True):
    loads: list[AgentLoad]


class Timers(Struct, frozen=True, kw_only=True):
    """The times that screens count down by, in minutes; the ring in seconds."""

    agent_minutes: int
    inactivity_minutes: int
    pending_minutes: int
    transfer_minutes: int
    ring_seconds: int


class EmailView(Struct, frozen=True):
    """A further address of a customer."""

    email: str
    verified: bool


class CustomerView(Struct, frozen=True, kw_only=True):
    id: int
    name: str
    email: str
    email_verified: bool
    phone: str
    locale: str
    company: str
    emails: list[EmailView]
    labels: list[int]
    fields: dict[str, str]
    blocked_until: int | None
    created_at: int
    conversations: list[PastConversation]


class CustomerChange(Body):
    name: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=254)] | UnsetType = UNSET
    phone: Annotated[str, Meta(max_length=50)] | UnsetType = UNSET
    company: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    emails: Annotated[list[Annotated[str, Meta(max_length=254)]], Meta(max_length=10)] | UnsetType = UNSET
    """The further addresses, all of them; new ones are unverified."""
    fields: dict[FieldKey, Annotated[str, Meta(max_length=1000)]] | UnsetType = UNSET
    """Own fields of the desk to change; an empty text takes one away."""


class PreferenceView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`kind`: number, choice, switch, text (`most`: characters) or hours."""

    name: str
    what: str
    kind: str
    value: Any
    default: Any
    least: int | UnsetType = UNSET
    most: int | UnsetType = UNSET
    choices: list[str] | UnsetType = UNSET


class PreferenceList(Struct, frozen=True):
    preferences: list[PreferenceView]


VisitorKey = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22,64}$")]


class VisitorStart(Body):
    """`visitor`: the key by which the page around the frame reports; `identity`: a JWT of the site (VISITOR-6)."""

    site: Annotated[str, Meta(max_length=64)]
    token: Secret | None = None
    visitor: VisitorKey | None = None
    zone: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+/-]{0,64}$")] = ""
    identity: Annotated[str, Meta(min_length=1, max_length=4_096)] | None = None


class WidgetDepartment(Struct, frozen=True):
    id: int
    name: str
    available: bool


class WidgetLimits(Struct, frozen=True):
    text: int
    file_mb: int
    files: int


class WidgetSite(Struct, frozen=True, kw_only=True):
    key: str
    name: str
    look: Look
    texts: Texts
    form: Form
    departments: list[WidgetDepartment]
    locale: str
    limits: WidgetLimits


class BootCustomer(Struct, frozen=True):
    name: str
    email: str


class Boot(Struct, frozen=True, kw_only=True):
    """`open`: somebody can answer now; else `why` not, and `offline` says what the site shows then (VISITOR-8)."""

    token: str
    site: WidgetSite
    open: bool
    why: Literal["hours", "nobody"] | None
    opens_at: int | None
    offline: Literal["form", "hidden"]
    customer: BootCustomer
    view: VisitorView | None
    now: int


class Link(Struct, frozen=True):
    url: str
