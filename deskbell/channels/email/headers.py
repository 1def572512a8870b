"""Headers of mail from strangers: decoded without believing them. Pure; nothing here raises."""

import base64
import binascii
import codecs
import quopri
import re
from email.message import Message

from deskbell.kit import text as words

HEADERS_READ = 500
HEADER_READ = 20_000
WORDS_READ = 200
ADDRESSES_READ = 100
IDS_READ = 60

_CHARSETS = re.compile(
    r"(us-?ascii|ascii|ansi|utf|iso|latin|windows|cp|koi8|gb|big5|euc|shift|sjis|ks_c|hz|mac|tis|johab|x-sjis|x-gbk)",
    re.IGNORECASE,
)
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
}
_WIDER |= {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "x-sjis": "cp932",
}
_SINGLE = ("utf-8", "cp125", "iso8859", "latin", "koi8", "mac", "cp8", "ascii", "tis")
_WORD = re.compile(r"=\?([A-Za-z0-9_.:-]{1,40})(?:\*[A-Za-z0-9-]{0,20})?\?([bBqQ])\?([^?\s]{0,2000})\?=")
_BETWEEN = re.compile(r"(\?=)\s+(=\?)")
_FOLD = re.compile(r"\r?\n[ \t]?|\r")
_ID = re.compile(r"<([^<>\s]{3,500})>")


class Headers:
    """The headers of one part: the first HEADERS_READ, each HEADER_READ characters long at most."""

    def __init__(self, message: Message) -> None:
        self._all: dict[str, list[str]] = {}
        for name, value in list(message.raw_items())[:HEADERS_READ]:
            self._all.setdefault(name.lower(), []).append(str(value)[:HEADER_READ])

    def first(self, name: str) -> str:
        """As it stands in the mail, on one line; "" when there is none."""
        return next(iter(self.every(name)), "")

    def every(self, name: str) -> list[str]:
        return [_FOLD.sub(" ", _unescaped(value)).strip() for value in self._all.get(name, ())]

    def has(self, name: str) -> bool:
        return name in self._all


def decoded(data: bytes, charset: str) -> str:
    """Text in whatever they say it is, or what it rather looks like; never fails."""
    charset = charset.strip().strip("\"'").lower()
    if not _CHARSETS.match(charset):
        charset = "cp1252"
    try:
        codec = codecs.lookup(_WIDER.get(charset, charset)).name
    except (LookupError, ValueError):
        codec = "cp1252"
    if codec.startswith(_SINGLE):
        return _latin_or_utf8(data, "cp1252" if codec == "utf-8" else codec)
    try:
        return data.decode(codec)
    except (ValueError, LookupError):
        pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(codec, "replace")


def _latin_or_utf8(data: bytes, codec: str) -> str:
    """What reads as UTF-8 is UTF-8, whatever they say; a few broken signs (a cut) do not make it something else."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if not broken:
        return text
    wide = sum(1 for sign in text[:100_000] if sign > "\x7f" and sign != "\ufffd")
    return text if wide > 2 * broken else data.decode(codec, "replace")


def words_of(value: str) -> str:
    """A header's encoded words (RFC 2047) as text: the first WORDS_READ, the rest stays as it is."""
    value = _BETWEEN.sub(r"\1\2", value)
    return _WORD.sub(lambda found: _word(found[1], found[2], found[3]), value, count=WORDS_READ)


def line(value: str, limit: int) -> str:
    """One clean line for people to see, cut at `limit` characters."""
    cleaned = "".join(sign for sign in words_of(value)[: 4 * limit] if sign != "\x00" and not _lone(sign))
    return words.name(cleaned, 5 * limit)[:limit].strip()


def addresses(value: str) -> list[tuple[str, str]]:
    """(name, address in lower case) of each in an address header; what is none is left out.

    Split before encoded words are decoded, so that no decoded sign becomes part of the grammar.
    """
    found = []
    for piece in _pieces(value):
        before, bracket, rest = piece.rpartition("<")
        name, address = (before, rest.partition(">")[0]) if bracket else ("", piece)
        try:
            found.append((line(before.strip().strip('"'), 200) if name else "", words.email(address.strip())))
        except words.BadText:
            continue
    return found


def ids(value: str) -> list[str]:
    """Message ids without their brackets, as they come, the last IDS_READ (the nearest stand last)."""
    return _ID.findall(value)[-IDS_READ:]


def _pieces(value: str) -> list[str]:
    """Cut at commas and semicolons outside of quotes, brackets and comments; comments fall out."""
    pieces: list[str] = []
    piece: list[str] = []
    depth, quoted, inside = 0, False, False
    for sign in value:
        if quoted or sign == '"':
            quoted = quoted != (sign == '"')
        elif sign in "()":
            depth = max(0, depth + (1 if sign == "(" else -1))
            continue
        elif depth:
            continue
        elif sign in "<>":
            inside = sign == "<"
        elif sign in ",;" and not inside:
            pieces.append("".join(piece))
            piece = []
            continue
        piece.append(sign)
    return [*pieces, "".join(piece)][:ADDRESSES_READ]


def _word(charset: str, encoding: str, content: str) -> str:
    try:
        if encoding in "bB":
            data = base64.b64decode(content + "=" * (-len(content) % 4))
        else:
            data = quopri.decodestring(content.replace("_", " ").encode("ascii", "replace"))
    except (binascii.Error, ValueError):
        return content
    return decoded(data, charset)


def _unescaped(value: str) -> str:
    """Bytes beyond ASCII in a header, which Python keeps as lone surrogates."""
    if value.isascii():
        return value
    return decoded(value.encode("utf-8", "surrogateescape"), "cp1252")


def _lone(sign: str) -> bool:
    return "\ud800" <= sign <= "\udfff"
