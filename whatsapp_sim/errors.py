"""Meta's errors: which code is answered with which HTTP status, and the envelope around it."""

from typing import Any, NamedTuple

Json = dict[str, Any]
HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


class Known(NamedTuple):
    """HTTP status of a synchronous answer, and the title."""

    status: int
    title: str


CODES: dict[int, Known] = {
    0: Known(401, "AuthException"),
    1: Known(400, "API Unknown"),
    2: Known(503, "Service temporarily unavailable"),
    3: Known(500, "Capability or permissions issue"),
    4: Known(429, "Application request limit reached"),
    10: Known(403, "Application does not have permission for this action"),
    33: Known(400, "Parameter value is not valid"),
    100: Known(400, "Invalid parameter"),
    190: Known(401, "Invalid OAuth access token"),
    200: Known(403, "Permission denied"),
    368: Known(403, "Temporarily blocked for policies violations"),
    2500: Known(400, "Unknown path components"),
    80007: Known(429, "Rate limit issues"),
    80008: Known(429, "Too many calls to this WhatsApp Business account"),
    130429: Known(429, "Rate limit hit"),
    130472: Known(400, "User's number is part of an experiment"),
    130497: Known(403, "Business account is restricted from messaging users in this country"),
    131000: Known(500, "Something went wrong"),
    131005: Known(403, "Access denied"),
    131008: Known(400, "Required parameter is missing"),
    131009: Known(400, "Parameter value is not valid"),
    131016: Known(500, "Service unavailable"),
    131021: Known(400, "Recipient cannot be sender"),
    131026: Known(400, "Message undeliverable"),
    131030: Known(400, "Recipient phone number not in allowed list"),
    131031: Known(403, "Account has been locked"),
    131037: Known(400, "WhatsApp provided number needs display name approval"),
    131042: Known(400, "Business eligibility payment issue"),
    131045: Known(400, "Incorrect certificate"),
    131047: Known(400, "Re-engagement message"),
    131048: Known(429, "Spam rate limit hit"),
    131049: Known(400, "This message was not delivered to maintain healthy ecosystem engagement"),
    131050: Known(400, "User has stopped marketing messages"),
    131051: Known(400, "Unsupported message type"),
    131052: Known(400, "Media download error"),
    131053: Known(400, "Media upload error"),
    131056: Known(429, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: Known(503, "Account in maintenance mode"),
    131062: Known(400, "Business-scoped user id is not allowed for this message"),
    131063: Known(403, "Account is not ready"),
    131064: Known(403, "Account is limited"),
    132000: Known(400, "Number of parameters does not match the expected number of params"),
    132001: Known(404, "Template name does not exist in the translation"),
    132005: Known(400, "Translated text too long"),
    132007: Known(400, "Template format character policy violated"),
    132008: Known(400, "Template parameter value is not valid"),
    132012: Known(400, "Parameter format does not match format in the created template"),
    132015: Known(400, "Template is paused"),
    132016: Known(400, "Template is disabled"),
    132068: Known(400, "Flow is blocked"),
    132069: Known(400, "Flow is throttled"),
    133004: Known(503, "Server temporarily unavailable"),
    133010: Known(400, "Phone number not registered"),
    137000: Known(400, "Message cannot be delivered"),
}
UNKNOWN = Known(400, "An unknown error has occurred")


class GraphError(Exception):
    """A call is refused as Meta refuses it."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        subcode: int | None = None,
        kind: str = "OAuthException",
        message: str | None = None,
    ) -> None:
        self.code, self.subcode, self.kind = code, subcode, kind
        known = CODES.get(code, UNKNOWN)
        self.status = known.status
        self.details = details
        self.message = message or f"(#{code}) {known.title}"
        super().__init__(f"{self.message}: {details}")

    def envelope(self, trace: str) -> Json:
        """The body of the answer."""
        error: Json = {"message": self.message, "type": self.kind, "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error | {"fbtrace_id": trace}}


def missing(name: str) -> GraphError:
    return GraphError(100, f"The parameter {name} is required.")


def too_long(name: str, most: int) -> GraphError:
    return GraphError(100, message=f"(#100) Param {name} must be at most {most} characters long.")


def wrong(name: str, details: str) -> GraphError:
    return GraphError(100, f"Param {name}: {details}")


def no_object(method: str, object_id: str) -> GraphError:
    """Neither there, nor for this token: Meta does not say which."""
    verb = method.lower()
    return GraphError(
        100,
        subcode=33,
        kind="GraphMethodException",
        message=f"Unsupported {verb} request. Object with ID '{object_id[:64]}' does not exist, cannot be loaded "
        "due to missing permissions, or does not support this operation.",
    )


def told(code: int, details: str = "") -> Json:
    """The error as it stands in a webhook."""
    title = CODES.get(code, UNKNOWN).title
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or title},
        "href": HREF,
    }
