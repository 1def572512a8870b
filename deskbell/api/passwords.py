"""What a new password must be: long, and not one of those that are tried first."""

from deskbell.api.ports import Edge
from deskbell.api.problems import Problem
from deskbell.kit.tokens import PASSWORD_LEAST

_OBVIOUS = (
    "password",
    "passwort",
    "deskbell",
    "qwertz",
    "qwerty",
    "letmein",
    "welcome",
    "123456",
    "abcdef",
    "admin",
)


async def new_password(edge: Edge, password: str, *about: str) -> str:
    """Its hash. Raises Problem 400 with what to do better. `about`: the person's address and name."""
    if len(password) < PASSWORD_LEAST:
        sentence = f"The password must have at least {PASSWORD_LEAST} characters."
        raise Problem(400, "password", sentence, field="password", limit=PASSWORD_LEAST)
    if _guessable(password, about):
        sentence = "This password is easy to guess. Take several words that do not belong together."
        raise Problem(400, "password", sentence, field="password")
    return await edge.passwords.hash(password)


def _guessable(password: str, about: tuple[str, ...]) -> bool:
    """A few characters repeated, or little besides an obvious word or the person's own name."""
    rest = password.lower()
    if len(set(rest)) < 5:
        return True
    words = {part for text in about for part in (text.lower(), *text.lower().replace("@", " ").split())}
    for word in sorted((*words, *_OBVIOUS), key=len, reverse=True):
        if len(word) >= 4:
            rest = rest.replace(word, "")
    return len(rest) < 5
