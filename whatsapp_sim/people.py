"""What customers do: they write, react, edit, read, block, and change their numbers."""

import base64
from collections.abc import Callable

from whatsapp_sim import payloads, samples
from whatsapp_sim.business import Business
from whatsapp_sim.clock import Clock
from whatsapp_sim.delivery import Delivery
from whatsapp_sim.dice import Dice
from whatsapp_sim.errors import told
from whatsapp_sim.faults import Faults
from whatsapp_sim.media import FROM_WEBHOOK_S, Shelf
from whatsapp_sim.payloads import MESSAGES, Json, Update
from whatsapp_sim.state import Message, Number, User, World
from whatsapp_sim.verbs import FILES, NewUser, UserChange, Write

COUNTRIES = {"1": "US", "44": "GB", "49": "DE", "55": "BR", "52": "MX", "91": "IN", "33": "FR", "34": "ES"}
MOST_USERS = 20_000
SILENT = ("reaction", "edit", "delete")
"""They change a message instead of adding one. (They open the window like any other.)"""


class Refused(Exception):
    """It cannot be done; the text is a sentence."""


class People:
    """The customers' side."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        dice: Dice,
        delivery: Delivery,
        shelf: Shelf,
        business: Business,
        faults: Callable[[], Faults],
        shown: Callable[[str, str], None],
        address_of: Callable[[str], str],
    ) -> None:
        self._world, self._clock, self._dice, self._delivery = world, clock, dice, delivery
        self._shelf, self._business, self._faults, self._shown = shelf, business, faults, shown
        self._address_of = address_of
        self._made = 0

    # Who they are

    def add(self, new: NewUser) -> User:
        """Raises Refused when the id or the phone is taken."""
        self._made += 1
        phone = (new.phone or "").lstrip("+") or f"1555{self._dice.digits(7, 'phone', self._made)}"
        user_id = new.id or f"u{self._made}"
        known = self._world.by_phone(phone)
        if user_id in self._world.users or (known and known.on_whatsapp):
            raise Refused("There is a customer with this id or phone already.")
        if len(self._world.users) >= MOST_USERS:
            raise Refused(f"There can be at most {MOST_USERS} customers.")
        if known:
            self._world.forget(known.id)
        user = User(
            user_id,
            new.name,
            phone,
            self._bsuid(phone, 0),
            username=new.username,
            hidden=new.hidden,
            dialled=new.dialled.lstrip("+"),
            on_whatsapp=new.on_whatsapp,
            auto_read=new.auto_read,
        )
        self._world.users[user.id] = user
        return user

    def _bsuid(self, phone: str, generation: int) -> str:
        country = next((name for code, name in COUNTRIES.items() if phone.startswith(code)), "US")
        return f"{country}.{self._dice.digits(20, 'bsuid', phone, generation)}"

    def change(self, user: User, change: UserChange) -> None:
        for name in UserChange.__struct_fields__:
            value = getattr(change, name)
            if value is not None:
                setattr(user, name, value)

    def change_number(self, user: User, phone: str) -> None:
        """A new phone number, and with it a new user id; every business they wrote with is told."""
        phone = phone.lstrip("+")
        if self._world.by_phone(phone):
            raise Refused("This phone number is taken.")
        hidden = self._business.is_hidden(user)
        old_phone, old_id = user.phone, user.user_id
        user.phone, user.dialled, user.user_id = phone, "", self._bsuid(phone, 1)
        for number in self._numbers_of(user):
            if not hidden:
                said = f"User {user.name} changed from {old_phone} to {phone}"
                system = {"body": said, "wa_id": phone, "type": "user_changed_number"}
                self._system(number, user, system, {"from": old_phone, "from_user_id": old_id})
            said = f"User {user.name} changed from {old_id} to {user.user_id}"
            system = {"body": said, "user_id": user.user_id, "previous_user_id": old_id}
            self._system(number, user, system | {"type": "user_changed_user_id"}, {})

    def change_identity(self, user: User) -> None:
        """A new phone with the same number."""
        for number in self._numbers_of(user):
            system = {"body": "User identity changed", "type": "customer_identity_changed"}
            self._system(number, user, system, {"from": user.phone, "from_user_id": user.user_id})

    def _numbers_of(self, user: User) -> list[Number]:
        return [self._world.numbers[number] for number, who in self._world.threads if who == user.id]

    def _system(self, number: Number, user: User, system: Json, who: Json) -> None:
        wamid = self._new_wamid(number, user)
        message = {**who, "id": wamid, "timestamp": self._stamp(), "type": "system", "system": system}
        value = payloads.system_value(number, message)
        self._tell(number, user, value, wamid)

    # What they write

    def write(self, user: User, write: Write) -> Message:
        """Send it: it is in the thread, and the webhook is on its way. Raises Refused."""
        number = self.number(write.number)
        if write.type in ("reaction", "edit", "delete"):
            self._target(user, number, write)
        kind, body = self._content(number, user, write)
        wamid, now = self._new_wamid(number, user), self._clock.now()
        message = Message(wamid, number.id, user.id, True, now, kind, body, write.reply_to or None, "sent")
        self._world.thread(number.id, user.id).heard = now
        if write.type in SILENT:
            self._apply(user, number, write)
        else:
            self._world.keep(message)
        if number.id in user.blocked:
            user.blocked.discard(number.id)
        sent = self._as_sent(message, number, write)
        hidden = self._business.is_hidden(user)
        self._tell(number, user, payloads.message_value(number, user, sent, hidden=hidden), wamid)
        if self._dice.happens(self._faults().unknown_types, "unknown_types", wamid):
            self._strange(number, user, hidden=hidden)
        self._shown(number.id, user.id)
        return message

    def number(self, number_id: str) -> Number:
        found = self._world.numbers.get(number_id) if number_id else next(iter(self._world.numbers.values()))
        if found is None:
            raise Refused("There is no such number.")
        return found

    def _new_wamid(self, number: Number, user: User) -> str:
        thread = self._world.thread(number.id, user.id)
        thread.told += 1
        return self._dice.wamid(user.phone, number.id, user.id, thread.told, "in")

    def _stamp(self) -> str:
        return str(int(self._clock.now()))

    def _as_sent(self, message: Message, number: Number, write: Write) -> Json:
        """The message as it stands in the webhook."""
        sent: Json = {"id": message.wamid, "timestamp": self._stamp(), "type": message.type}
        if write.reply_to:
            answered = self._world.messages.get(write.reply_to)
            author = number.phone if answered is None or not answered.inbound else self._phone(message)
            sent["context"] = {"from": author, "id": write.reply_to}
        elif write.forwarded:
            sent["context"] = {"forwarded" if write.forwarded == "once" else "frequently_forwarded": True}
        if write.referral:
            sent["referral"] = write.referral
        if message.type == "unsupported":
            sent |= message.body
        elif message.body:
            sent[message.type] = message.body.get("contacts", message.body)
        return sent | (write.extra or {})

    def _phone(self, message: Message) -> str:
        return self._world.users[message.user].phone

    def _content(self, number: Number, user: User, write: Write) -> tuple[str, Json]:
        """Type and body."""
        if write.type in FILES:
            return self._file(number, write)
        makers: dict[str, Callable[[Write], Json]] = {
            "text": lambda said: {"body": said.text or samples.TEXT},
            "location": _place,
            "contacts": _cards,
            "reaction": _reaction,
            "button": lambda said: {"payload": said.payload or said.text, "text": said.text},
            "button_reply": _pressed,
            "list_reply": _pressed,
            "order": lambda said: samples.ORDER | {"text": said.text},
            "unsupported": lambda said: {"errors": [_bare(131051, samples.UNSUPPORTED)]},
            "too_big": lambda said: {"errors": [_bare(131052, samples.TOO_BIG)]},
            "unknown": lambda said: {"body": said.text or samples.TEXT},
            "delete": lambda said: {"original_message_id": said.target},
        }
        if write.type == "edit":
            return "edit", self._edited(write)
        names = {
            "button_reply": "interactive",
            "list_reply": "interactive",
            "delete": "revoke",
            "too_big": "unsupported",
            "unknown": "hologram",
        }
        return names.get(write.type, write.type), makers[write.type](write)

    def _file(self, number: Number, write: Write) -> tuple[str, Json]:
        sample = samples.FILES[write.type]
        content, mime = write.data or sample.content, write.mime or sample.mime
        media = self._shelf.put(
            number.id, content, mime, keep_s=FROM_WEBHOOK_S, at=self._clock.now(), filename=write.filename
        )
        body: Json = {
            "mime_type": mime,
            "sha256": base64.b64encode(media.sha256).decode(),
            "id": media.id,
            "url": self._address_of(media.id),
        }
        kind = "audio" if write.type == "voice" else write.type
        if kind == "audio":
            body["voice"] = write.type == "voice"
        if kind == "sticker":
            body["animated"] = write.animated
        if kind == "document":
            body["filename"] = write.filename or sample.filename
        if write.text and kind in ("image", "video", "document"):
            body["caption"] = write.text
        return kind, body

    def _target(self, user: User, number: Number, write: Write) -> None:
        target = self._world.messages.get(write.target)
        if target is None or (target.number, target.user) != (number.id, user.id):
            raise Refused("The message this is about is not in this thread.")
        if write.type != "reaction" and not target.inbound:
            raise Refused("Only one's own messages can be edited or deleted.")

    def _edited(self, write: Write) -> Json:
        target = self._world.messages[write.target]
        body = dict(target.body)
        body["body" if target.type == "text" else "caption"] = write.text or samples.TEXT
        return {
            "original_message_id": write.target,
            "message": {"type": target.type, target.type: body},
        }

    def _apply(self, user: User, number: Number, write: Write) -> None:
        target = self._world.messages[write.target]
        if write.type == "delete":
            target.deleted, target.body = True, {}
        elif write.type == "edit":
            target.edited = True
            target.body = {**target.body, "body" if target.type == "text" else "caption": write.text}
        elif write.emoji:
            target.reactions["customer"] = write.emoji
        else:
            target.reactions.pop("customer", None)

    def _strange(self, number: Number, user: User, *, hidden: bool) -> None:
        """A message of a type to come."""
        wamid = self._new_wamid(number, user)
        message = {"id": wamid, "timestamp": self._stamp(), "type": "hologram", "hologram": {"depth": 3}}
        self._tell(number, user, payloads.message_value(number, user, message, hidden=hidden), wamid)

    def _tell(self, number: Number, user: User, value: Json, wamid: str) -> None:
        lane = f"{number.id} {user.id}"
        self._delivery.tell(Update(number.account, MESSAGES, value, wamid, lane, wamid))

    # What else they do

    def read(self, user: User, number_id: str, wamid: str = "") -> list[Message]:
        """Read what has arrived, up to `wamid` (empty: all of it)."""
        read = []
        for message in list(self._world.thread(number_id, user.id).messages):
            if not message.inbound and message.state == "delivered" and message.type != "reaction":
                self._business.reach(message, "read")
                read.append(message)
            if message.wamid == wamid:
                break
        return read

    def play(self, message: Message) -> None:
        """Hear a voice message for the first time."""
        if message.inbound or message.type != "audio" or message.state not in ("delivered", "read"):
            raise Refused("Only a voice message that has arrived can be played.")
        self._business.reach(message, "played")

    def block(self, user: User, number_id: str, *, blocked: bool) -> None:
        (user.blocked.add if blocked else user.blocked.discard)(number_id)

    def prefer(self, user: User, number: Number, *, marketing: bool) -> None:
        """Stop or resume marketing messages."""
        user.no_marketing = not marketing
        value = "resume" if marketing else "stop"
        preference = {
            "wa_id": user.phone,
            "user_id": user.user_id,
            "detail": f"User requested to {value} marketing messages",
            "category": "marketing_messages",
            "value": value,
            "timestamp": int(self._clock.now()),
        }
        body = {
            "messaging_product": "whatsapp",
            "metadata": payloads.metadata(number),
            "contacts": [payloads.contact(user, hidden=self._business.is_hidden(user))],
            "user_preferences": [preference],
        }
        lane, key = f"{number.id} {user.id}", f"{user.id} preference {self._clock.now()} {value}"
        self._delivery.tell(Update(number.account, "user_preferences", body, key, lane))


def _bare(code: int, details: str) -> Json:
    about = told(code, details)
    del about["href"]
    return about


def _place(write: Write) -> Json:
    place: Json = {"latitude": write.latitude, "longitude": write.longitude}
    if write.name:
        place |= {"name": write.name, "address": write.address}
    return place


def _cards(write: Write) -> Json:
    name = write.name or "Chandra Rao"
    first, _, last = name.partition(" ")
    phone = write.phone or "+1 555 555 0199"
    card: Json = {
        "name": {"first_name": first, "last_name": last, "formatted_name": name},
        "phones": [{"phone": phone, "wa_id": "".join(filter(str.isdigit, phone)), "type": "CELL"}],
    }
    return {"contacts": [card]}


def _reaction(write: Write) -> Json:
    reaction: Json = {"message_id": write.target}
    return reaction if write.without_emoji else reaction | {"emoji": write.emoji}


def _pressed(write: Write) -> Json:
    return {"type": write.type, write.type: {"id": write.payload or write.text, "title": write.text}}
