"""How a customer is reached over a channel that is somebody else's service (LIFE-10, LIFE-11)."""

from datetime import datetime

from msgspec import Struct

from deskbell.desk.desk import Desk
from deskbell.domain import access, reach
from deskbell.domain.channels import rules_of
from deskbell.domain.conversation import Conversation
from deskbell.domain.errors import Refused
from deskbell.domain.facts import Facts
from deskbell.domain.people import Staff
from deskbell.kit.clock import milliseconds
from deskbell.kit.postgres import Pool
from deskbell.store import reach as rows


class ReachView(Struct):
    """`until`: when the service's window ends (null: it is not open at all, or there is none); `window_ms`: how long it is
    open after each message of the customer; `templates`: the channel has some; `template`: one may be sent now; `account`:
    our own number there; `trouble`: why nothing goes out from it now."""

    channel: str
    label: str
    until: int | None
    window_ms: int | None
    templates: bool
    template: bool
    account: str
    trouble: str


async def reach_of(
    desk: Desk, pool: Pool, staff: Staff, conversation: Conversation, now: datetime
) -> tuple[ReachView | None, str | None]:
    """And why ordinary text cannot go there now, if it cannot."""
    channels = desk.directory.channels
    rules = rules_of(channels, conversation.channel)
    if not rules.outbox:
        return None, None
    found = await rows.of(pool, conversation.customer_id, conversation.channel)
    known = found.account_id is not None
    met = {(conversation.customer_id, conversation.channel): found.last_in_at} if known else {}
    facts = Facts({}, {}, {}, {}, channels=channels, reach=met)
    until = reach.window_until(conversation, facts)
    why_not_send = access.why_not_send(staff, conversation, desk.directory.names.staff)
    trouble = found.trouble or ""
    if found.enabled is False:
        trouble = "This number is switched off."
    view = ReachView(
        conversation.channel,
        rules.label,
        None if until is None else milliseconds(until),
        None if rules.window is None else int(rules.window.total_seconds() * 1000),
        rules.templates,
        rules.templates and known and why_not_send is None and not found.opted_out,
        found.account or "",
        trouble,
    )
    if found.opted_out:
        return view, access.OPTED_OUT
    try:
        reach.check(conversation, facts, now)
    except Refused as refused:
        return view, refused.text
    return view, None
