"""The Graph API: routes under `/vN.N/`, and the addresses of media."""

import base64
import binascii
from typing import Any

from litestar import MediaType, Response, Router, delete, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery

from whatsapp_sim import objects, templates
from whatsapp_sim.calls import Call, GraphRequest, Json, answer, find_token
from whatsapp_sim.errors import GraphError, missing, no_object, wrong
from whatsapp_sim.media import MB, UPLOADED_S, check_upload
from whatsapp_sim.simulator import Sim, Simulator
from whatsapp_sim.state import Account, Template

CREATED_PER_HOUR = 100
MOST_PER_PAGE = 1000
LARGEST_UPLOAD = 101 * MB
LARGEST_CALL = 3 * MB


@post("/{version:str}/{number_id:str}/messages", status_code=200, request_max_body_size=LARGEST_CALL)
async def send(
    simulator: Sim, request: GraphRequest, version: FromPath[str], number_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        number, body = call.number(number_id), await call.json()
        if body.get("status") == "read":
            call.sim.business.mark_read(body, number)
            return {"success": True}
        message = call.sim.business.accept(body, number, version)
        call.accepted = message
        call.line.about = [message.wamid]
        user = call.world.users[message.user]
        contact = {"input": str(body.get("to") or body.get("recipient"))}
        contact |= {"wa_id": user.phone} if body.get("to") else {"user_id": user.user_id}
        sent = {"id": message.wamid}
        if message.type == "template":
            sent["message_status"] = "accepted"
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [sent]}

    return await answer(simulator, request, version, work, sends=True)


@post("/{version:str}/{number_id:str}/media", status_code=200, request_max_body_size=LARGEST_UPLOAD)
async def upload(
    simulator: Sim, request: GraphRequest, version: FromPath[str], number_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        number = call.number(number_id)
        form = await request.form()
        if form.get("messaging_product") != "whatsapp":
            raise missing("messaging_product")
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise missing("file")
        content = await file.read()
        mime = str(form.get("type") or file.content_type)
        call.line.size, call.line.note = len(content), f"{mime} {file.filename}"
        check_upload(content, mime)
        put = call.sim.shelf.put
        media = put(number.id, content, mime, keep_s=UPLOADED_S, at=call.now, filename=file.filename)
        return {"id": media.id}

    return await answer(simulator, request, version, work)


@get("/{version:str}/{object_id:str}")
async def read(
    simulator: Sim, request: GraphRequest, version: FromPath[str], object_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        query = request.query_params
        if media := call.media(object_id):
            if query.get("phone_number_id", media.number) != media.number:
                raise no_object("GET", object_id)
            return objects.media(media, simulator.media_address(media.id))
        fields = query.get("fields", "")
        if template := call.template(object_id):
            return objects.chosen(objects.template(template), fields, "WhatsAppMessageTemplate")
        if object_id in call.world.accounts:
            return objects.chosen(objects.account(call.account(object_id)), fields, "WhatsAppBusinessAccount")
        number = call.number(object_id)
        return objects.chosen(objects.number(number), fields, "WhatsAppBusinessPhoneNumber")

    return await answer(simulator, request, version, work)


@post("/{version:str}/{template_id:str}", status_code=200, request_max_body_size=LARGEST_CALL)
async def edit_template(
    simulator: Sim, request: GraphRequest, version: FromPath[str], template_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        template = call.template(template_id)
        if template is None:
            raise no_object("POST", template_id)
        body = await call.json()
        if template.status == "APPROVED" and any(call.now - at < 86_400 for at in template.edits):
            raise wrong("components", "An approved template can be edited once in 24 hours.")
        if "components" in body:
            templates.check_components(body["components"], template.parameter_format)
            template.components = objects.normal(body["components"])
        template.category = body.get("category", template.category)
        template.edits.append(call.now)
        template.status = "PENDING"
        _review(simulator, template)
        return {"success": True}

    return await answer(simulator, request, version, work)


@delete("/{version:str}/{media_id:str}", status_code=200)
async def delete_media(
    simulator: Sim, request: GraphRequest, version: FromPath[str], media_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        if call.media(media_id) is None:
            raise no_object("DELETE", media_id)
        del call.world.media[media_id]
        return {"success": True}

    return await answer(simulator, request, version, work)


@get("/{version:str}/{account_id:str}/message_templates")
async def list_templates(
    simulator: Sim, request: GraphRequest, version: FromPath[str], account_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        account, query = call.account(account_id), request.query_params
        found = [
            one
            for one in call.world.templates.values()
            if one.account == account.id
            and one.status != "DELETED"
            and query.get("name", one.name) in one.name
            and query.get("status", one.status).upper() == one.status
            and query.get("language", one.language) == one.language
            and query.get("category", one.category).upper() == one.category
        ]
        return _page(call, found)

    return await answer(simulator, request, version, work)


def _page(call: Call, found: list[Template]) -> Json:
    """One page by `limit` and `after` or `before`."""
    query = call.request.query_params
    limit = query.get("limit", "25")
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST_PER_PAGE:
        raise wrong("limit", f"must be 1 to {MOST_PER_PAGE}.")
    size = int(limit)
    first = 0
    if "after" in query:
        first = _place(query["after"]) + 1
    elif "before" in query:
        first = max(_place(query["before"]) - size, 0)
    page = found[first : first + size]
    fields = query.get("fields", "")
    data = [objects.chosen(objects.template(one), fields, "WhatsAppMessageTemplate") for one in page]
    if not page:
        return {"data": []}
    last = first + len(page) - 1
    paging: Json = {"cursors": {"before": _cursor(first), "after": _cursor(last)}}
    if last + 1 < len(found):
        path = call.request.url.path
        paging["next"] = f"{call.sim.base}{path}?limit={size}&after={_cursor(last)}&fields={fields}"
    return {"data": data, "paging": paging}


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"place:{place}".encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    try:
        return int(
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().removeprefix("place:")
        )
    except (ValueError, binascii.Error):
        raise wrong("after", "Invalid cursor.") from None


@post(
    "/{version:str}/{account_id:str}/message_templates", status_code=200, request_max_body_size=LARGEST_CALL
)
async def create_template(
    simulator: Sim, request: GraphRequest, version: FromPath[str], account_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        account, body = call.account(account_id), await call.json()
        templates.check_new(body)
        if call.world.template(account.id, body["name"], body["language"]):
            raise GraphError(
                100, "There is already content in this language for this template.", subcode=2388024
            )
        _count_creation(account, call.now)
        template = Template(
            simulator.dice.digits(16, "template", account.id, body["name"], body["language"], call.now),
            account.id,
            body["name"],
            body["language"],
            body["category"],
            objects.normal(body["components"]),
            "PENDING",
            str(body.get("parameter_format", "POSITIONAL")).upper(),
        )
        call.world.templates[template.id] = template
        _review(simulator, template)
        return {"id": template.id, "status": "PENDING", "category": template.category}

    return await answer(simulator, request, version, work)


def _count_creation(account: Account, now: float) -> None:
    if len(account.created) == CREATED_PER_HOUR and now - account.created[0] < 3600:
        raise GraphError(80008, f"{CREATED_PER_HOUR} templates an hour can be created.")
    account.created.append(now)


def _review(sim: Simulator, template: Template) -> None:
    """Decide on it later, unless that is done by hand."""
    wait, asked = sim.faults.review_s, len(template.edits)
    if wait is None:
        return

    async def decide() -> None:
        if template.status == "PENDING" and len(template.edits) == asked:
            reason = templates.verdict(template)
            sim.business.turn_template(template, "REJECTED" if reason else "APPROVED", reason or "NONE")

    sim.agenda.at(sim.clock.now() + wait, decide)


@delete("/{version:str}/{account_id:str}/message_templates", status_code=200)
async def delete_template(
    simulator: Sim, request: GraphRequest, version: FromPath[str], account_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        account, query = call.account(account_id), request.query_params
        if "name" not in query:
            raise missing("name")
        found = [
            one
            for one in call.world.templates.values()
            if (one.account, one.name) == (account.id, query["name"])
            and one.status != "DELETED"
            and query.get("hsm_id", one.id) == one.id
        ]
        if not found:
            raise GraphError(100, "Message template was not found.", subcode=2593002)
        for one in found:
            simulator.business.turn_template(one, "DELETED", "NONE")
        return {"success": True}

    return await answer(simulator, request, version, work)


@get("/{version:str}/{account_id:str}/phone_numbers")
async def list_numbers(
    simulator: Sim, request: GraphRequest, version: FromPath[str], account_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        account = call.account(account_id)
        numbers = [one for one in call.world.numbers.values() if one.account == account.id]
        return {"data": [objects.number(one) for one in numbers]}

    return await answer(simulator, request, version, work)


@get("/{version:str}/{account_id:str}/subscribed_apps")
async def subscriptions(
    simulator: Sim, request: GraphRequest, version: FromPath[str], account_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        apps = sorted(call.account(account_id).subscribed)
        data = [{"whatsapp_business_api_data": {"id": app, "name": "Simulated app"}} for app in apps]
        return {"data": data}

    return await answer(simulator, request, version, work)


@post("/{version:str}/{account_id:str}/subscribed_apps", status_code=200)
async def subscribe(
    simulator: Sim, request: GraphRequest, version: FromPath[str], account_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        call.account(account_id).subscribed.add(call.token.app_id)
        return {"success": True}

    return await answer(simulator, request, version, work)


@delete("/{version:str}/{account_id:str}/subscribed_apps", status_code=200)
async def unsubscribe(
    simulator: Sim, request: GraphRequest, version: FromPath[str], account_id: FromPath[str]
) -> Response[Any]:
    async def work(call: Call) -> Json:
        call.account(account_id).subscribed.discard(call.token.app_id)
        return {"success": True}

    return await answer(simulator, request, version, work)


@get("/whatsapp_business/attachments", media_type=MediaType.TEXT)
async def media_bytes(
    simulator: Sim, request: GraphRequest, mid: FromQuery[str], ext: FromQuery[int]
) -> Response[Any]:
    """The bytes, for who has a token and asks within 5 minutes; 404 after."""
    line = simulator.journal.begin(
        "graph", simulator.clock.now(), "GET", request.url.path + f"?mid={mid}", b""
    )
    proof, now = request.query_params.get("hash", ""), simulator.clock.now()
    try:
        token = find_token(simulator, request)
    except GraphError as error:
        line.status = error.status
        return Response(error.envelope(""), status_code=error.status, media_type=MediaType.JSON)
    media = simulator.shelf.get(mid, now)
    known = media is not None and simulator.world.numbers[media.number].account in token.accounts
    if media is None or not known or ext <= now or proof != simulator.shelf.proof(mid, ext):
        line.status = 404
        return Response("Not found", status_code=404)
    line.status = 200
    return Response(media.content, media_type=media.mime)


ROUTES = Router(
    "/",
    route_handlers=[
        send,
        upload,
        read,
        edit_template,
        delete_media,
        list_templates,
        create_template,
        delete_template,
        list_numbers,
        subscriptions,
        subscribe,
        unsubscribe,
        media_bytes,
    ],
)
