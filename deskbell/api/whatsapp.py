"""Our numbers on WhatsApp. Admins set them up; supervisors see how they stand. Tokens and secrets are never shown."""

from typing import Annotated, Any

import asyncpg
from litestar import delete, get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import Body, SmallId, SmallIdInPath
from deskbell.channels.base import Account, SendError
from deskbell.desk import upkeep
from deskbell.desk.present import ms_or_none
from deskbell.domain import access
from deskbell.domain.people import Staff
from deskbell.kit import ids, text
from deskbell.kit.seal import SealError
from deskbell.store import channel_accounts, departments, dispatches, templates
from deskbell.store.channel_accounts import AccountRow

CHANNEL = "whatsapp"
NAME = 80
PATH = "/api/channels/whatsapp/accounts"

MetaId = Annotated[str, Meta(pattern=r"^[0-9]{5,40}$")]
Secret = Annotated[str, Meta(min_length=1, max_length=1_000, pattern=r"^[!-~]+$")]
VerifyToken = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._~-]{8,100}$")]
AccountName = Annotated[str, Meta(min_length=1, max_length=NAME)]


class WhatsAppNew(Body):
    """`token` and `app_secret` are kept sealed and never shown again. Without a `verify_token` one is made."""

    name: AccountName
    phone_number_id: MetaId
    waba_id: MetaId
    token: Secret
    app_secret: Secret
    verify_token: VerifyToken | None = None
    department: SmallId | None = None
    enabled: bool = True


class WhatsAppChange(Body):
    """What is not named stays."""

    name: AccountName | UnsetType = UNSET
    phone_number_id: MetaId | UnsetType = UNSET
    waba_id: MetaId | UnsetType = UNSET
    token: Secret | UnsetType = UNSET
    app_secret: Secret | UnsetType = UNSET
    verify_token: VerifyToken | UnsetType = UNSET
    department: SmallId | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


class WhatsAppView(Struct, kw_only=True):
    """`quality`, `throughput` and `limit` in Meta's own words; `trouble`: why nothing goes out from it now. Times are
    milliseconds. `verify_token` only for those who may change it."""

    id: int
    name: str
    phone_number_id: str
    waba_id: str
    display_phone: str
    verified_name: str
    department: int | None
    enabled: bool
    has_token: bool
    has_app_secret: bool
    webhook_url: str
    verify_token: str
    quality: str
    throughput: str
    limit: str
    checked_at: int | None
    trouble: str
    trouble_at: int | None
    templates_at: int | None


class WhatsAppList(Struct):
    accounts: list[WhatsAppView]


class TemplateState(Struct):
    """`status` and `reason` (why it was rejected) in Meta's own words."""

    id: int
    name: str
    language: str
    category: str
    status: str
    quality: str
    reason: str


class TemplateStates(Struct):
    templates: list[TemplateState]


@get(PATH)
async def everyone(staff_user: StaffUser, edge: Here) -> WhatsAppList:
    auth.allow(staff_user, "channel states")
    rows = await channel_accounts.everyone(edge.pool)
    return WhatsAppList([_view(edge, staff_user, row) for row in rows if row.channel == CHANNEL])


@post(PATH)
async def add(data: JSONBody[WhatsAppNew], staff_user: StaffUser, edge: Here) -> WhatsAppView:
    auth.allow(staff_user, "channels")
    settings = {"waba_id": data.waba_id, "verify_token": data.verify_token or ids.token()[:32]}
    values = {
        "external_id": data.phone_number_id,
        "name": text.needed_name(data.name, NAME),
        "department_id": await _department(edge, data.department),
        "enabled": data.enabled,
        "settings": settings,
    }
    secrets = {"token": data.token, "app_secret": data.app_secret}
    try:
        row = await channel_accounts.add(edge.pool, edge.seal, CHANNEL, values, secrets, edge.clock.now())
    except LookupError as error:
        raise Problem(409, "too_many", str(error), limit=channel_accounts.MOST) from None
    if row is None:
        raise _taken()
    await edge.signals.changed("channels")
    return _view(edge, staff_user, row)


@patch(PATH + "/{account_id:int}")
async def change(
    account_id: SmallIdInPath, data: JSONBody[WhatsAppChange], staff_user: StaffUser, edge: Here
) -> WhatsAppView:
    auth.allow(staff_user, "channels")
    row = await _get(edge, account_id)
    given = data.given()
    values = await _changed(edge, row, given)
    secrets: dict[str, str] = {name: given[name] for name in ("token", "app_secret") if name in given}
    try:
        changed = await channel_accounts.change(edge.pool, edge.seal, account_id, values, secrets)
    except asyncpg.UniqueViolationError:
        raise _taken() from None
    if changed is None:
        raise not_found("number")
    if "token" in given or given.get("enabled"):  # perhaps that was the trouble: what waits finds out
        await channel_accounts.mended(edge.pool, account_id)
        await dispatches.release(edge.pool, CHANNEL, edge.clock.now())
    await edge.signals.changed("channels")
    return _view(edge, staff_user, await _get(edge, account_id))


@delete(PATH + "/{account_id:int}")
async def remove(account_id: SmallIdInPath, staff_user: StaffUser, edge: Here) -> None:
    """Only one that nobody has written to; another one is switched off, so that nothing is lost."""
    auth.allow(staff_user, "channels")
    await _get(edge, account_id)
    if not await channel_accounts.remove_unused(edge.pool, account_id):
        raise Problem(409, "used", "Customers have written to this number: switch it off instead.")
    await edge.signals.changed("channels")


@post(PATH + "/{account_id:int}/test", status_code=200)
async def test(account_id: SmallIdInPath, staff_user: StaffUser, edge: Here) -> WhatsAppView:
    """Ask WhatsApp for the number's facts with the stored token, and have it send us its webhooks."""
    auth.allow(staff_user, "channels")
    account = _account(edge, await _get(edge, account_id))
    try:
        await upkeep.check(edge.pool, edge.clock, edge.channels[CHANNEL], account)
    except SendError as error:
        await edge.signals.changed("channels")
        raise Problem(409, "channel", str(error)) from None
    await edge.signals.changed("channels")
    return _view(edge, staff_user, await _get(edge, account_id))


@post(PATH + "/{account_id:int}/sync", status_code=200)
async def sync(account_id: SmallIdInPath, staff_user: StaffUser, edge: Here) -> WhatsAppView:
    """Fetch the templates now."""
    auth.allow(staff_user, "channels")
    account = _account(edge, await _get(edge, account_id))
    try:
        await upkeep.fetch_templates(edge.pool, edge.clock, edge.channels[CHANNEL], account)
    except SendError as error:
        raise Problem(409, "channel", str(error)) from None
    await edge.signals.changed("channels")
    return _view(edge, staff_user, await _get(edge, account_id))


@get(PATH + "/{account_id:int}/templates")
async def states(account_id: SmallIdInPath, staff_user: StaffUser, edge: Here) -> TemplateStates:
    """All of them, whatever their state."""
    auth.allow(staff_user, "channel states")
    await _get(edge, account_id)
    rows = await templates.of(edge.pool, account_id)
    return TemplateStates(
        [
            TemplateState(row.id, t.name, t.language, t.category, t.status, t.quality, t.reason)
            for row in rows
            for t in (row.template,)
        ]
    )


async def _get(edge: Edge, account_id: int) -> AccountRow:
    row = await channel_accounts.get(edge.pool, account_id)
    if row is None or row.channel != CHANNEL:
        raise not_found("number")
    return row


def _taken() -> Problem:
    return Problem(409, "taken", "This phone number id is set up already.", field="phone_number_id")


async def _department(edge: Edge, wanted: int | None) -> int | None:
    if wanted is not None and not await departments.existing(edge.pool, [wanted]):
        raise Problem(400, "department", "This department does not exist.", field="department")
    return wanted


async def _changed(edge: Edge, row: AccountRow, given: dict[str, Any]) -> dict[str, Any]:
    """The columns that change."""
    values: dict[str, Any] = {}
    if "name" in given:
        values["name"] = text.needed_name(given["name"], NAME)
    if "phone_number_id" in given:
        values["external_id"] = given["phone_number_id"]
    if "department" in given:
        values["department_id"] = await _department(edge, given["department"])
    if "enabled" in given:
        values["enabled"] = given["enabled"]
    settings = {name: given[name] for name in ("waba_id", "verify_token") if name in given}
    return values | {"settings": row.settings | settings}


def _account(edge: Edge, row: AccountRow) -> Account:
    """With its secrets: for the service only. Raises Problem."""
    try:
        secrets = channel_accounts.opened(edge.seal, row)
    except SealError:
        raise Problem(
            409, "channel", "The token cannot be read: the key of this desk has changed. Enter it again."
        ) from None
    return Account(row.id, row.external_id, row.name, row.settings, secrets)


def _view(edge: Edge, staff: Staff, row: AccountRow) -> WhatsAppView:
    admin = access.why_not_manage(staff, "channels") is None
    try:
        secrets = channel_accounts.opened(edge.seal, row)
    except SealError:
        secrets = {}
    facts = {name: str(row.facts.get(name, "")) for name in FACTS}
    return WhatsAppView(
        id=row.id,
        name=row.name,
        phone_number_id=row.external_id,
        waba_id=str(row.settings.get("waba_id", "")),
        department=row.department_id,
        enabled=row.enabled,
        has_token=bool(secrets.get("token")),
        has_app_secret=bool(secrets.get("app_secret")),
        webhook_url=f"{edge.settings.address}/hooks/{CHANNEL}",
        verify_token=str(row.settings.get("verify_token", "")) if admin else "",
        checked_at=ms_or_none(row.checked_at),
        trouble=row.trouble,
        trouble_at=ms_or_none(row.trouble_at),
        templates_at=ms_or_none(row.templates_at),
        **facts,
    )


FACTS = ("display_phone", "verified_name", "quality", "throughput", "limit")

route_handlers = [everyone, add, change, remove, test, sync, states]
