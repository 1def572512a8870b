"""What a business does: messages are accepted, go their way, and their statuses are told."""

import asyncio
from collections.abc import Callable

from whatsapp_sim import payloads
from whatsapp_sim.agenda import Agenda
from whatsapp_sim.clock import Clock
from whatsapp_sim.delivery import Delivery
from whatsapp_sim.dice import Dice
from whatsapp_sim.errors import GraphError
from whatsapp_sim.faults import Faults
from whatsapp_sim.payloads import MESSAGES, Json, Update
from whatsapp_sim.sending import Checks, check_envelope, recipient
from whatsapp_sim.state import Message, Number, Template, Thread, User, World

RANKS = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "played": 4, "failed": 9}
TYPING_S = 25.0
BEFORE_ANSWER_S = 10.0


class Business:
    """The sending side. `shown` is called with a thread that has changed."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        agenda: Agenda,
        dice: Dice,
        delivery: Delivery,
        checks: Checks,
        faults: Callable[[], Faults],
        shown: Callable[[str, str], None],
    ) -> None:
        self._world, self._clock, self._agenda, self._dice = world, clock, agenda, dice
        self._delivery, self._checks, self._faults, self._shown = delivery, checks, faults, shown

    # Accepting

    def accept(self, body: Json, number: Number, version: str) -> Message:
        """Check a message as the Cloud API does and take it. Raises GraphError; nothing is kept then."""
        kind = check_envelope(body)
        template: Template | None = None
        content: Json
        if kind == "template":
            template, content = self._checks.template(body, number)
        else:
            content = self._checks.check(kind, body, number)
        user = self._whom(recipient(body, number), template)
        thread, now = self._world.thread(number.id, user.id), self._clock.now()
        self._check_limits(number, user, thread, now)
        shut = template is None and not thread.open(now)
        if shut and user.on_whatsapp and not self._faults().window_by_status:
            raise GraphError(
                131047,
                "Message failed to send because more than 24 hours have passed since the "
                "customer last replied to this number.",
            )
        thread.calls += 1
        message = Message(
            wamid=self._dice.wamid(user.phone, number.id, user.id, thread.calls, "out"),
            number=number.id,
            user=user.id,
            inbound=False,
            at=now,
            type=kind,
            body=body["template"] if template else content,
            context=self._context(body, thread),
            opaque=body.get("biz_opaque_callback_data"),
            version=version,
            shown=content if template else None,
            category=template.category.lower() if template else "service",
        )
        message.error = self._fate(message, user, template, shut=shut)
        self._world.keep(message)
        if template:
            self._count(template)
        return message

    def _whom(self, to: str, template: Template | None) -> User:
        """The customer; whoever is not there becomes a phone without WhatsApp."""
        if "." in to:
            user = self._world.by_user_id(to)
            if user is None:
                raise GraphError(131009, "recipient is not a user of WhatsApp this business knows.")
            if template and template.category == "AUTHENTICATION":
                raise GraphError(131062, "Authentication templates need a phone number.")
            return user
        return self._world.by_phone(to) or self._world.stranger(to)

    def _check_limits(self, number: Number, user: User, thread: Thread, now: float) -> None:
        if user.phone == number.phone:
            raise GraphError(131021, "The recipient is the sender.")
        if number.allowed is not None and user.phone not in number.allowed:
            raise GraphError(131030, "The recipient is not on the list of this test number.")
        if not number.bucket.take(now):
            raise GraphError(130429, "Cloud API message throughput has been reached.")
        if not thread.bucket.take(now):
            raise GraphError(131056, "Too many messages to this recipient in a short time.")

    def _context(self, body: Json, thread: Thread) -> str | None:
        """A reply to what is not in this thread goes out as an ordinary message."""
        wanted = (body.get("context") or {}).get("message_id")
        known = self._world.messages.get(wanted) if wanted else None
        return wanted if known and (known.number, known.user) == (thread.number, thread.user) else None

    def _fate(self, message: Message, user: User, template: Template | None, *, shut: bool) -> int:
        """The code it will fail with, or 0."""
        if not user.on_whatsapp:
            return 131026
        if shut:
            return 131047
        if template and template.category == "MARKETING" and user.no_marketing:
            return 131050
        if message.type == "reaction" and not self._can_react(message):
            return 131009
        for code, chance in self._faults().failed.items():
            if self._dice.happens(chance, "failed", code, message.wamid):
                return code
        return 0

    def _can_react(self, message: Message) -> bool:
        known = self._world.messages.get(str(message.body["message_id"]))
        here = known and (known.number, known.user) == (message.number, message.user)
        return bool(known and here and not known.deleted and known.type != "reaction")

    def _count(self, template: Template) -> None:
        template.sent += 1
        if template.sent == self._faults().pause_template_after:
            self.turn_template(template, "PAUSED", "NONE")

    # On its way

    async def answer_after_status(self, message: Message) -> bool:
        """True when `sent` was told before the call is answered (a fault)."""
        faults = self._faults()
        if message.error or not self._dice.happens(faults.status_before_answer, "early", message.wamid):
            return False
        plans = self._tell(message, "sent", self._clock.now())
        if plans:
            await asyncio.wait(plans, timeout=BEFORE_ANSWER_S)
        return True

    def follow(self, message: Message, *, sent: bool = False) -> None:
        """Plan what becomes of an accepted message; `sent`: that was told already."""
        faults, user = self._faults(), self._world.users[message.user]
        message.mute = self._dice.happens(faults.no_status, "no_status", message.wamid)
        steps = ["failed"] if message.error else self._steps(message, user, faults)
        span, at = faults.status_delay_s, self._clock.now()
        times: list[tuple[str, float]] = []
        for step in steps:
            at += self._dice.between(span, "status_delay", step, message.wamid)
            times.append((step, at))
        told = [(step, when) for step, when in times if not (sent and step == "sent")]
        dues = [when for _, when in told]
        if self._dice.happens(faults.read_first, "read_first", message.wamid):
            told.reverse()
        for (step, when), due in zip(told, dues, strict=True):
            self._plan(message, step, when, due)

    def _steps(self, message: Message, user: User, faults: Faults) -> list[str]:
        if message.type == "reaction" or message.number in user.blocked:
            return ["sent"]
        steps = ["sent", "delivered"]
        if user.auto_read or self._dice.happens(faults.read_first, "read_first", message.wamid):
            steps.append("read")
        return steps

    def _plan(self, message: Message, step: str, when: float, due: float) -> None:
        async def arrive() -> None:
            self.reach(message, step, when)

        self._agenda.at(due, arrive, f"fate {message.wamid}")

    def reach(self, message: Message, step: str, at: float | None = None) -> None:
        """The message is sent, delivered, read, played or failed; it is told unless a fault keeps it back."""
        if message.user not in self._world.users:
            return
        at = self._clock.now() if at is None else at
        if RANKS[step] > RANKS[message.state]:
            message.state = step
        if step == "sent" and message.type == "reaction" and not message.error:
            self._react(message)
        self._shown(message.number, message.user)
        faults = self._faults()
        kept = {"sent": faults.no_sent, "delivered": faults.no_delivered}.get(step, 0.0)
        if not message.mute and not self._dice.happens(kept, "no", step, message.wamid):
            self._tell(message, step, at)

    def _react(self, message: Message) -> None:
        target = self._world.messages.get(str(message.body["message_id"]))
        if target is None:
            return
        if message.body["emoji"]:
            target.reactions["business"] = message.body["emoji"]
        else:
            target.reactions.pop("business", None)

    def _tell(self, message: Message, status: str, at: float) -> "list[asyncio.Future[None]]":
        number, user = self._world.numbers[message.number], self._world.users[message.user]
        value = payloads.status_value(number, user, message, status, at, hidden=self.is_hidden(user))
        lane = f"{number.id} {user.id}"
        key = f"{message.wamid} {status}"
        return self._delivery.tell(Update(number.account, MESSAGES, value, key, lane, message.wamid))

    def is_hidden(self, user: User) -> bool:
        return user.hidden or self._dice.happens(self._faults().hide_phones, "hide_phones", user.id)

    # Besides messages

    def mark_read(self, body: Json, number: Number) -> None:
        """The blue ticks of the customer's messages up to this one; perhaps "typing". Raises GraphError."""
        read = self._world.messages.get(str(body.get("message_id")))
        if read is None or not read.inbound or read.number != number.id:
            raise GraphError(131009, "message_id is not a message this number has received.")
        thread = self._world.thread(read.number, read.user)
        typing = body.get("typing_indicator")
        if typing is not None:
            if not isinstance(typing, dict) or typing.get("type") != "text":
                raise GraphError(131009, "typing_indicator['type'] must be text.")
            thread.typing_until = self._clock.now() + TYPING_S
        for message in thread.messages:
            if message.inbound:
                message.state = "read"
            if message is read:
                break
        self._shown(read.number, read.user)

    def turn_template(self, template: Template, event: str, reason: str) -> None:
        """Another status, with its webhook."""
        template.status, template.reason = event, reason
        value = payloads.template_status(template, event, reason)
        self.tell_of_template(template, "message_template_status_update", value)

    def tell_of_template(self, template: Template, name: str, value: Json) -> None:
        key = f"{template.id} {name} {self._clock.now()} {value.get('event', '')}"
        self._delivery.tell(Update(template.account, name, value, key, f"template {template.id}"))
