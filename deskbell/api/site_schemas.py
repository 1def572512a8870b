"""Bodies and answers about sites (docs/protocol.md). `signs`: a secret for signing the site's users was made."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from deskbell.api.schemas import Body, Form, Ids, Look, Name, Texts

Origins = Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=50)]


class SiteTrigger(Body):
    """A greeting by itself: on pages whose address contains `page`, after so many seconds, from that visit on."""

    text: Annotated[str, Meta(min_length=1, max_length=300)]
    id: Annotated[str, Meta(pattern=r"^[a-z0-9]{0,16}$")] = ""
    page: Annotated[str, Meta(max_length=200)] = ""
    seconds: Annotated[int, Meta(ge=1, le=3_600)] = 20
    visits: Annotated[int, Meta(ge=1, le=1_000)] = 1


Tracking = Literal["on", "off", "consent"]
Triggers = Annotated[list[SiteTrigger], Meta(max_length=10)]


class IdentitySecret(Struct, frozen=True):
    """Signs a site's users (HS256). It is not shown again."""

    secret: str


class SiteNew(Body):
    name: Name
    active: bool = True
    allowed_origins: Origins = field(default_factory=list)
    departments: Ids = field(default_factory=list)
    look: Look = field(default_factory=Look)
    texts: Texts = field(default_factory=Texts)
    form: Form = field(default_factory=Form)
    tracking: Tracking = "on"
    triggers: Triggers = field(default_factory=list)


class SiteChange(Body):
    name: Name | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    allowed_origins: Origins | UnsetType = UNSET
    departments: Ids | UnsetType = UNSET
    look: Look | UnsetType = UNSET
    texts: Texts | UnsetType = UNSET
    form: Form | UnsetType = UNSET
    tracking: Tracking | UnsetType = UNSET
    triggers: Triggers | UnsetType = UNSET


class SiteView(Struct, frozen=True, kw_only=True):
    id: int
    key: str
    name: str
    active: bool
    allowed_origins: list[str]
    departments: list[int]
    look: Look
    texts: Texts
    form: Form
    tracking: str
    triggers: list[SiteTrigger]
    signs: bool
    snippet: str


class SiteList(Struct, frozen=True):
    sites: list[SiteView]
