"""What can go wrong, as knobs. All chances are drawn by the seeded dice, so a run can be repeated."""

from typing import Annotated

import msgspec
from msgspec import Meta

Chance = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(ge=0, le=7 * 86_400)]
Span = tuple[Seconds, Seconds]
GraphCode = Annotated[int, Meta(ge=0, le=3_000_000)]
HttpStatus = Annotated[int, Meta(ge=500, le=599)]
STILL: Span = (0.0, 0.0)


class Faults(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Nothing goes wrong by default. Chances are 0 to 1, times are seconds of the simulator's clock."""

    answer_delay_s: Span = STILL
    """The answer of a call takes this long."""
    hang_before_accept: Chance = 0.0
    """The call is never answered, and nothing was accepted."""
    hang_after_accept: Chance = 0.0
    """The message is accepted and goes out, and the call is never answered."""
    cut_after_accept: Chance = 0.0
    """As above, but the connection breaks in the middle of the answer."""
    graph_errors: dict[GraphCode, Chance] = {}
    """Refusals with these codes before anything is accepted, as in {130429: 0.1}."""
    http_errors: dict[HttpStatus, Chance] = {}
    """Answers with these statuses and no JSON in them, before anything is accepted."""
    all_calls: bool = False
    """The knobs above are for sending messages; with this, for every call."""
    failed: dict[GraphCode, Chance] = {}
    """Accepted messages that end as failed with these codes."""
    window_by_status: bool = False
    """131047 comes as a failed status instead of at once; WhatsApp does both."""

    status_delay_s: Span = STILL
    """Between one status of a message and the next."""
    status_before_answer: Chance = 0.0
    """The webhook with `sent` is there before the call is answered."""
    no_status: Chance = 0.0
    no_sent: Chance = 0.0
    no_delivered: Chance = 0.0
    read_first: Chance = 0.0
    """Statuses arrive in the order read, delivered, sent (their timestamps are right); the customer reads at once."""

    delay_s: Span = STILL
    """A webhook is posted this much later."""
    reorder_s: Seconds = 0.0
    """Webhooks of this many seconds are shuffled."""
    duplicate: Chance = 0.0
    copies: Annotated[int, Meta(ge=1, le=1000)] = 1
    """How many more of a webhook that is duplicated."""
    drop: Chance = 0.0
    """An attempt never arrives; it is made again, with growing gaps, for 7 days."""
    lose_answer: Chance = 0.0
    """It arrives and is answered, but the answer is lost: it is posted again."""
    batch: Annotated[int, Meta(ge=1, le=1000)] = 1
    """Up to this many updates in one POST."""
    batch_wait_s: Annotated[float, Meta(ge=0, le=60)] = 1.0
    """How long a batch waits to be full."""
    mix_accounts: bool = False
    """Updates of several business accounts in one POST."""
    forge: Chance = 0.0
    """Before a webhook comes a forged one: another text under a wrong, missing or reused signature."""
    extra_fields: Chance = 0.0
    """Fields nobody has heard of, on every level."""
    unknown_types: Chance = 0.0
    """After a message comes one of a type that does not exist yet."""
    unknown_fields: Chance = 0.0
    """After an update comes one of a webhook field that does not exist yet."""
    big_bodies: Chance = 0.0
    """Bodies of 3 MB, the most there is."""
    hide_phones: Chance = 0.0
    """Customers whose phone number is not told, by customer."""

    pause_template_after: Annotated[int, Meta(ge=1)] | None = None
    """A template is paused after it was sent this often, with its webhook."""
    review_s: Seconds | None = 60.0
    """New templates are decided after this long; None: by hand."""


def changed(faults: Faults, changes: dict[str, object]) -> Faults:
    """The same with some knobs turned. Raises msgspec.ValidationError naming the knob and its bounds."""
    now: dict[str, object] = msgspec.to_builtins(faults, str_keys=True)
    # Numbers come as the keys of JSON objects: text.
    return msgspec.convert(now | changes, Faults, str_keys=True)
