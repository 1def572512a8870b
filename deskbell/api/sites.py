"""Sites: each with its key, allowed origins, look, texts and form (VISITOR-1, VISITOR-4). Admins only."""

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody

from deskbell.api import auth
from deskbell.api.auth import StaffUser
from deskbell.api.identity import secret_of
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import (
    Form,
    FormField,
    Look,
    SmallIdInPath,
    Texts,
)
from deskbell.api.site_schemas import IdentitySecret, SiteChange, SiteList, SiteNew, SiteTrigger, SiteView
from deskbell.kit import ids, text
from deskbell.store import departments, sites
from deskbell.store.sites import Site

ANY = "*"
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


@get("/api/sites")
async def everyone(staff_user: StaffUser, edge: Here) -> SiteList:
    auth.allow(staff_user, "sites")
    return SiteList([_view(edge, site) for site in await sites.everyone(edge.pool)])


@post("/api/sites")
async def add(data: JSONBody[SiteNew], staff_user: StaffUser, edge: Here) -> SiteView:
    auth.allow(staff_user, "sites")
    values = await _cleaned(edge, msgspec.structs.asdict(data))
    made = await sites.add(edge.pool, values | {"key": ids.site_key()})
    await edge.signals.changed("sites")
    return _view(edge, made)


@patch("/api/sites/{site_id:int}")
async def change(
    site_id: SmallIdInPath, data: JSONBody[SiteChange], staff_user: StaffUser, edge: Here
) -> SiteView:
    """What is not named stays. The key never changes: it stands in other people's pages."""
    auth.allow(staff_user, "sites")
    site = await sites.get(edge.pool, site_id)
    if site is None:
        raise not_found("site")
    given = data.given()
    changed = await sites.change(edge.pool, site_id, site._asdict() | await _cleaned(edge, given))
    await edge.signals.changed("sites")
    return _view(edge, changed)


@post("/api/sites/{site_id:int}/identity-secret", status_code=200)
async def renew_secret(site_id: SmallIdInPath, staff_user: StaffUser, edge: Here) -> IdentitySecret:
    """A new secret for signing this site's users (VISITOR-6), shown this once; the one before counts no more."""
    auth.allow(staff_user, "sites")
    site = await sites.get(edge.pool, site_id)
    version = None if site is None else await sites.renew_identity(edge.pool, site_id)
    if site is None or version is None:
        raise not_found("site")
    await edge.signals.changed("sites")
    return IdentitySecret(secret_of(edge.secret, site, version))


async def _cleaned(edge: Edge, given: dict[str, Any]) -> dict[str, Any]:
    """What was given of a site, as it is stored."""
    values = dict(given)
    if "name" in values:
        values["name"] = text.needed_name(values["name"])
    if "allowed_origins" in values:
        values["allowed_origins"] = [origin(one) for one in values["allowed_origins"]]
    wanted = values.get("departments", [])
    if wanted and set(wanted) - await departments.existing(edge.pool, wanted):
        raise Problem(400, "department", "One of these departments does not exist.", field="departments")
    if "form" in values:
        values["form"] = _form(values["form"])
    if "triggers" in values:
        values["triggers"] = [_trigger(one) for one in values["triggers"]]
    if "texts" in values:
        texts = msgspec.structs.asdict(values["texts"])
        values["texts"] = Texts(**{name: text.clean(words, 500) for name, words in texts.items()})
    return values


def _trigger(trigger: SiteTrigger) -> dict[str, Any]:
    cleaned = msgspec.structs.replace(
        trigger,
        id=trigger.id or ids.public_id()[:8],
        page=text.name(trigger.page, 200, "The part of the address"),
        text=text.needed_name(trigger.text, 300, "The greeting"),
    )
    return msgspec.structs.asdict(cleaned)


def _form(form: Form) -> Form:
    keys = [field.key for field in form.fields]
    if len(set(keys)) < len(keys):
        raise Problem(400, "form", "Two fields of the form have the same key.", field="form")
    fields = [
        FormField(key=field.key, label=text.needed_name(field.label, 200), kind=field.kind, need=field.need)
        for field in form.fields
    ]
    return msgspec.structs.replace(form, fields=fields)


def origin(value: str) -> str:
    """`https://shop.example.org`, also with a port, or `*` for any page. Raises Problem 400."""
    value = value.strip().lower().rstrip("/")
    if value == ANY:
        return value
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    exact = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or exact != value:
        sentence = f"{value[:100]!r} is no origin. It must look like https://shop.example.org"
        raise Problem(400, "origin", sentence, field="allowed_origins")
    return value


def _view(edge: Edge, site: Site) -> SiteView:
    return SiteView(
        id=site.id,
        key=site.key,
        name=site.name,
        active=site.active,
        allowed_origins=list(site.allowed_origins),
        departments=list(site.departments),
        look=msgspec.convert(site.look, Look),
        texts=msgspec.convert(site.texts, Texts),
        form=msgspec.convert(site.form, Form),
        tracking=site.tracking,
        triggers=[SiteTrigger(**one) for one in site.triggers],
        signs=site.identity_version > 0,
        snippet=f'<script src="{edge.settings.address}/widget.js" data-site="{site.key}" async></script>',
    )


route_handlers = [everyone, add, change, renew_secret]
