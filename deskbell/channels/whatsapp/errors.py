"""What Meta's error codes mean for what we do next. Decided by the code: the HTTP status is no promise of theirs."""

from collections.abc import Mapping
from typing import Any

from deskbell.channels.base import SendError

RETRY_S = 1.0
"""The first pause; the outbox makes the next ones longer."""

TRANSIENT = frozenset({1, 2, 4, 80007, 80008, 130429, 131000, 131016, 131056, 131057, 133004})
"""131056 is the pace with one customer: their next message waits, others go on."""
WINDOW = 131047
ACCOUNT = frozenset(
    {
        0,
        3,
        10,
        *range(200, 300),
        190,
        368,
        130497,
        131005,
        131031,
        131042,
        131045,
        131048,
        131063,
        131064,
        133010,
    }
)
NO_SUCH_OBJECT = (100, 33)
"""Code and subcode: the phone number id is not one this token may use."""

_DETAILS = 300
_WORDS = {
    WINDOW: "WhatsApp says that the customer last wrote more than 24 hours ago: only a template can be sent now.",
    131026: "WhatsApp could not deliver this: perhaps the number is not on WhatsApp, or its app is too old.",
    131021: "This number cannot write to itself.",
    131030: "This is a test number, and the customer is not on its list of recipients.",
    131037: "The display name of this number is not approved yet.",
    131049: "WhatsApp did not deliver this so that customers get few advertisements. Try again after 24 hours.",
    131050: "The customer has stopped advertisements from you on WhatsApp.",
    131056: "Too many messages went to this customer within a short time.",
    132001: "This template does not exist in this language, or is not approved.",
    132015: "This template is paused because of its poor quality.",
    132016: "This template is switched off for good because of its poor quality.",
}
_ACCOUNT_WORDS = {
    0: "WhatsApp does not accept the access token. Enter a new one.",
    190: "WhatsApp does not accept the access token: it has expired or was withdrawn. Enter a new one.",
    368: "WhatsApp has blocked this account for a while because of its policies.",
    130497: "WhatsApp does not let this account write to customers of this country.",
    131031: "WhatsApp has locked this account.",
    131042: "WhatsApp waits for a payment: see the billing settings at Meta.",
    131045: "This number is not registered: register it at Meta.",
    131048: "WhatsApp has limited this number because too many customers blocked or reported it.",
    133010: "This number is not registered: register it at Meta.",
}


def of_answer(status: int, body: Any) -> SendError:
    """From an answer that is not 2xx; `body` is its JSON, None when it was none."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping) or not isinstance(error.get("code"), int):
        return _without_code(status)
    code, subcode = error["code"], error.get("error_subcode")
    if code in ACCOUNT or (code, subcode) == NO_SUCH_OBJECT:
        return SendError(account_words(code, subcode), code=code, account=True)
    text = _WORDS.get(code) or _said(error) or f"WhatsApp refused this (error {code})."
    if code in TRANSIENT:
        return SendError(text, code=code, retry=RETRY_S)
    return SendError(text, code=code, window=code == WINDOW)


def account_words(code: int, subcode: object = None) -> str:
    """Never Meta's own: they may repeat the token."""
    if (code, subcode) == NO_SUCH_OBJECT:
        return "WhatsApp does not know this phone number id, or the access token may not use it."
    return _ACCOUNT_WORDS.get(code, f"WhatsApp lets nothing be sent from this number (error {code}).")


def _said(error: Mapping[str, Any]) -> str:
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, Mapping) else None
    return " ".join(str(details or error.get("message") or "").split())[:_DETAILS]


def _without_code(status: int) -> SendError:
    """From a proxy in between. A gateway that gave up waiting (500, 502, 504) may have handed the message on."""
    if status in (401, 403):
        return SendError(_ACCOUNT_WORDS[0], account=True)
    text = f"WhatsApp answered with the status {status} and no reason."
    if status in (408, 429, 503):
        return SendError(text, retry=RETRY_S)
    return SendError(text, ambiguous=status >= 500)
