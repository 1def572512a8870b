"""Templates that may be sent to a customer, and sending one (CHANNEL-2, LIFE-11)."""

from typing import Annotated

from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta, Struct, field

from deskbell.api.auth import StaffUser
from deskbell.api.conversations import Acked, TheDesk, acked
from deskbell.api.ports import Edge, Here
from deskbell.api.problems import Problem, not_found
from deskbell.api.schemas import BigIdInPath, Body
from deskbell.channels.base import OutFile, Templated, TemplateForm
from deskbell.domain.conversation import Conversation
from deskbell.domain.deliveries import SendTemplate
from deskbell.domain.facts import FileFact
from deskbell.kit.clock import milliseconds
from deskbell.kit.text import clean
from deskbell.realtime.frames import ClientId, FileId
from deskbell.store import attachments, channel_accounts, reach, templates
from deskbell.store.templates import TemplateRow

VALUE = 1_024
Key = Annotated[str, Meta(min_length=1, max_length=100)]
Value = Annotated[str, Meta(max_length=4 * VALUE)]


class HeaderView(Struct):
    """`kind`: text, image, video, document or location."""

    kind: str
    text: str


class ButtonView(Struct, omit_defaults=True):
    kind: str
    text: str
    url: str | None = None


class VariableView(Struct):
    """`key`: `body.1`, `header.first_name`, `button.0.1`. `label` may be empty."""

    key: str
    example: str
    label: str


class TemplateView(Struct):
    """Texts hold their places as `{{1}}` or `{{first_name}}`."""

    id: int
    name: str
    language: str
    category: str
    header: HeaderView | None
    body: str
    footer: str | None
    buttons: list[ButtonView]
    variables: list[VariableView]


class TemplateList(Struct):
    """Those that may be sent now. `synced_at`: when they were last fetched from the service."""

    templates: list[TemplateView]
    synced_at: int | None


class TemplateSending(Body):
    """`values`: text by the key of each variable; `file`: of the header, if it takes one."""

    id: ClientId
    template: int
    values: Annotated[dict[Key, Value], Meta(max_length=100)] = field(default_factory=dict)
    file: FileId | None = None


@get("/api/conversations/{number:int}/templates")
async def sendable(number: BigIdInPath, staff_user: StaffUser, edge: Here, desk: TheDesk) -> TemplateList:
    """Approved ones of the account the customer wrote to last."""
    conversation, _ = await desk.reader.load(staff_user, number)
    channel, account_id = await _way(edge, conversation)
    account = await channel_accounts.get(edge.pool, account_id)
    shown = [
        view(row, form)
        for row in await templates.of(edge.pool, account_id, sendable=True)
        if (form := channel.form(row.template)) is not None
    ]
    at = account.templates_at if account else None
    return TemplateList(shown, None if at is None else milliseconds(at))


@post("/api/conversations/{number:int}/template", status_code=200)
async def send(
    number: BigIdInPath, data: JSONBody[TemplateSending], staff_user: StaffUser, edge: Here, desk: TheDesk
) -> Acked:
    """A closed conversation stays closed; only the customer's answer opens it again (LIFE-10)."""
    conversation, _ = await desk.reader.load(staff_user, number)
    channel, account_id = await _way(edge, conversation)
    row = await templates.get(edge.pool, account_id, data.template)
    if row is None:
        raise not_found("template")
    if row.template.status != "APPROVED":
        raise Problem(409, "template", f"This template cannot be sent now: {row.template.status.lower()}.")
    fact = await _file(edge, data.file) if data.file else None
    values = {key: clean(value, VALUE, "A value") for key, value in data.values.items()}
    try:
        filled = channel.fill(row.template, values, _out(fact), fact.view if fact else None)
    except ValueError as error:
        raise Problem(400, "template", str(error), field="values") from None
    files = (fact.id,) if fact else ()
    command = SendTemplate(number, staff_user, data.id, filled.text, filled.shown, filled.content, files)
    return acked(data.id, await desk.perform(command))


async def _way(edge: Edge, conversation: Conversation) -> tuple[Templated, int]:
    """Raises Problem where there are no templates."""
    channel = edge.channels.get(conversation.channel)
    if channel is None or not isinstance(channel, Templated):
        raise Problem(409, "channel", "This channel has no templates.")
    found = await reach.of(edge.pool, conversation.customer_id, conversation.channel)
    if found.account_id is None:
        raise Problem(409, "channel", "This customer has never written on this channel.")
    return channel, found.account_id


async def _file(edge: Edge, file_id: str) -> FileFact:
    """Whose it is, and whether it may still be sent, is decided with the command."""
    async with edge.pool.acquire() as connection:
        found = await attachments.facts(connection, [file_id])
    if file_id not in found:
        raise Problem(400, "file", "The file is unknown. Please add it again.", field="file")
    return found[file_id]


def _out(fact: FileFact | None) -> OutFile | None:
    return None if fact is None else OutFile(fact.id, fact.view["name"], fact.view["type"], fact.view["size"])


def view(row: TemplateRow, form: TemplateForm) -> TemplateView:
    one = row.template
    return TemplateView(
        row.id,
        one.name,
        one.language,
        one.category,
        HeaderView(form.header, form.header_text) if form.header else None,
        form.body,
        form.footer,
        [ButtonView(button.kind, button.text, button.url) for button in form.buttons],
        [VariableView(*variable) for variable in form.variables],
    )


route_handlers = [sendable, send]
