"""Text from outside, made fit to be stored and shown.

NUL and lone surrogates are refused (PostgreSQL would refuse them later, less politely); other control
characters are taken out; names lose the invisible characters that let one name look like another.
"""

import re
import unicodedata

NAME_LIMIT = 200
FILE_NAME_LIMIT = 150
FILE_NAME_EMPTY = "file"

_BROKEN = re.compile("[\x00\ud800-\udfff]")
_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"\s+")
_FILE_SIGNS = re.compile(r'[/\\:*?"<>|]')
_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])$")


class BadText(ValueError):
    """Text that cannot be taken; `str()` is a sentence for the person, `limit` the bound if it was one."""

    def __init__(self, sentence: str, limit: int | None = None) -> None:
        super().__init__(sentence)
        self.limit = limit


def clean(value: str, limit: int, what: str = "The text") -> str:
    """Several lines of text in NFC with \\n line ends, at most `limit` characters. Raises BadText."""
    if _BROKEN.search(value):
        raise BadText(f"{what} holds a character that is not text.")
    value = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    value = _CONTROLS.sub("", value)
    if len(value) > limit:
        raise BadText(f"{what} may have at most {limit} characters, this has {len(value)}.", limit)
    return value


def name(value: str, limit: int = NAME_LIMIT, what: str = "The name") -> str:
    """One line without invisible or direction-changing characters, spaces trimmed. Raises BadText."""
    value = clean(value, 4 * limit, what)
    value = _SPACES.sub(" ", _INVISIBLE.sub("", value)).strip()
    if len(value) > limit:
        raise BadText(f"{what} may have at most {limit} characters, this has {len(value)}.", limit)
    return value


def needed_name(value: str, limit: int = NAME_LIMIT, what: str = "The name") -> str:
    """A `name` that is not empty. Raises BadText."""
    if not (cleaned := name(value, limit, what)):
        raise BadText(f"{what} must not be empty.")
    return cleaned


_EMAIL = re.compile(r"[^@\s<>()\[\],;:\\\"]{1,64}@[^@\s<>()\[\],;:\\\"./](?:[^@\s<>()\[\],;:\\\"/]{0,250})")


def email(value: str, what: str = "The e-mail address") -> str:
    """An address in lower case; only its form is checked. Raises BadText."""
    cleaned = name(value, 254, what).lower()
    if not _EMAIL.fullmatch(cleaned) or ".." in cleaned or cleaned.endswith("."):
        raise BadText(f"{what} must look like name@example.org.")
    return cleaned


def file_name(value: str) -> str:
    """A file's name for people to see; never a path, never used as one.

    Folded to NFKC first and checked after, so that look-alikes of dots and slashes cannot come back;
    cleaning a cleaned name changes nothing. Anything can be given, something harmless comes out.
    """
    previous = None
    while value != previous:
        previous, value = value, _file_name_once(value)
    return value


def _file_name_once(value: str) -> str:
    value = unicodedata.normalize("NFKC", _BROKEN.sub("", value[:1000]))
    value = "".join(sign for sign in value if unicodedata.category(sign)[0] != "C" or sign.isspace())
    value = _SPACES.sub(" ", _FILE_SIGNS.sub("_", value)).strip(" .")
    stem, dot, extension = value.rpartition(".")
    if not dot or len(extension) > 20:
        stem, dot, extension = value, "", ""
    if _DEVICES.match(value.partition(".")[0]):
        stem = f"_{stem}"
    stem = stem[: FILE_NAME_LIMIT - len(dot) - len(extension)].rstrip(" .")
    return f"{stem}{dot}{extension}" or FILE_NAME_EMPTY
