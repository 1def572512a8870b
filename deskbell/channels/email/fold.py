"""What is new in a mail, and what is quoted history or a signature (CHANNEL-4). Pure, by lines, in one pass.

When in doubt nothing is folded: history shown twice is better than an answer hidden.
"""

import re
from typing import NamedTuple

WROTE_LINES = 4
"""An attribution may be wrapped over this many lines."""
_HEAD_LINES = 12
_SIGNATURE_LINES = 20
_LINE_READ = 400

_QUOTED = re.compile(r"\s{0,3}(>|\|>)")
_WROTE = re.compile(
    r"(wrote|writes|schrieb|schreibt|a écrit|écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał(\(a\)|a)?|"
    r"napsal(\(a\)|a)?|kirjoitti|írta|a scris|yazdı|пише[тш]?|писал(\(а\)|а)?|написав(\(ла\))?|έγραψε|كتب|כתב|"
    r"写道|寫道|のメール|書きました|wrote the following|님이 작성|shkroi)[^:：]{0,200}[:：]\s*$",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"(on|am|le|el|il|op|em|den|dnia|w dniu|dne|em|il giorno|på|den|ke|pe|ma|ti|la|tarih|в|στις|في|ב|a las|van|från|"
    r"fra|von|from|de|\d|<|\"|mon|tue|wed|thu|fri|sat|sun|20\d\d|пн|вт|ср|чт|пт|сб|вс)",
    re.IGNORECASE,
)
_DASHES = re.compile(
    r"\s*[-_*=]{2,}\s*(original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|"
    r"message d'origine|message transféré|mensaje original|messaggio originale|oorspronkelijk bericht|"
    r"mensagem original|originalmeddelande|oprindelig meddelelse|opprinnelig melding|wiadomość oryginalna|"
    r"původní zpráva|исходное сообщение|原始邮件|original-nachricht|reply above this line|antwort über dieser zeile)"
    r"\s*[-_*=]*\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"\s*\*?(from|von|de|da|van|från|fra|od|lähettäjä|от|发件人|寄件者|差出人|gönderen|από|من)\s*\*?\s*[:：]",
    re.IGNORECASE,
)
_SENT = re.compile(
    r"\s*\*?(sent|date|gesendet|datum|envoyé|date|enviado( el)?|fecha|inviato|data|verzonden|enviada( em)?|skickat|"
    r"sendt|dato|wysłano|odesláno|lähetetty|отправлено|дата|发送时间|日期|送信日時|日時|to|an|à|para|a|aan|till|til|do|komu|кому|"
    r"收件人|宛先|subject|betreff|objet|asunto|oggetto|onderwerp|assunto|ämne|emne|temat|předmět|тема|主题|件名|cc)"
    r"\s*\*?\s*[:：]",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*[_-]{10,}\s*$")
_PHONE = re.compile(
    r"\s*(sent from my|get outlook for|von meinem .{1,40} gesendet|gesendet von|envoyé de(puis)? mon|enviado desde mi|"
    r"inviato da(l mio)?|verzonden vanaf mijn|enviado do meu|skickat från min|sendt fra min|отправлено с)\b.{0,80}$",
    re.IGNORECASE,
)


class Folded(NamedTuple):
    """`new` is shown at once, the rest when asked for."""

    new: str
    quoted: str
    signature: str


def fold(text: str) -> Folded:
    lines = text.split("\n")
    start = _history(lines)
    if start is None:
        return _signed(lines, "")
    end = _end_of_history(lines, start)
    before, history, after = lines[:start], lines[start:end], lines[end:]
    if not _said(after):
        if not _said(before):
            return Folded(text.strip("\n"), "", "")
        return _signed(before, "\n".join(history + after).strip("\n"))
    if _quoted_between(after) or not any(_QUOTED.match(line) for line in history):
        return _inline(lines)
    return _signed([*before, *after], "\n".join(history).strip("\n"))


def unsigned(text: str) -> Folded:
    """Of a mail that begins something: its history is nowhere else, so only the signature is folded."""
    return _signed(text.split("\n"), "")


def _history(lines: list[str]) -> int | None:
    """Where the first quoted part begins, with the line that says who wrote it."""
    for place, line in enumerate(lines):
        cut = line[:_LINE_READ]
        if _QUOTED.match(cut):
            return _attribution(lines, place)
        if _DASHES.match(cut) or _is_head(lines, place):
            return place - 1 if place and _RULE.match(lines[place - 1][:_LINE_READ]) else place
        if _wrote(lines, place) and _only_history_follows(lines, place + 1):
            return _attribution(lines, place + 1)
    return None


def _wrote(lines: list[str], place: int) -> bool:
    line = lines[place][-_LINE_READ:].rstrip()
    if not line.endswith((":", "：")):
        return False
    before = lines[place - 1][-_LINE_READ:].strip() if place else ""
    return _WROTE.search(line) is not None or ("@" in line and _WROTE.search(f"{before} {line}") is not None)


def _only_history_follows(lines: list[str], place: int) -> bool:
    """HTML mail loses its quote marks in some programs: then an attribution with something before it is enough."""
    following = next((line for line in lines[place:] if line.strip()), "")
    return bool(_QUOTED.match(following)) or _said(lines[: max(0, place - WROTE_LINES)])


def _attribution(lines: list[str], place: int) -> int:
    """The first line of the attribution that ends right above `place`, or `place`."""
    last = place - 1
    while last >= 0 and not lines[last].strip():
        last -= 1
    if last < 0 or not _wrote(lines, last):
        return place
    for first in range(last, max(-1, last - WROTE_LINES), -1):
        if not lines[first].strip():
            return first + 1
        if _BEGINS.match(lines[first].strip()):
            return first
    return last


def _is_head(lines: list[str], place: int) -> bool:
    """The block of From, Sent, To, Subject that Outlook puts above the history."""
    if not _FROM.match(lines[place][:_LINE_READ]):
        return False
    following = [line[:_LINE_READ] for line in lines[place + 1 : place + _HEAD_LINES] if line.strip()][:5]
    return sum(_SENT.match(line) is not None for line in following) >= 2


def _end_of_history(lines: list[str], start: int) -> int:
    """Where something new begins after it: never below an Outlook head, whose history is not marked."""
    first_quote = next((i for i in range(start, len(lines)) if _QUOTED.match(lines[i][:_LINE_READ])), None)
    if first_quote is None or any(_said([line]) for line in lines[start + WROTE_LINES : first_quote]):
        return len(lines)
    end = first_quote
    while end < len(lines) and (_QUOTED.match(lines[end][:_LINE_READ]) or not lines[end].strip()):
        end += 1
    return end


def _quoted_between(lines: list[str]) -> bool:
    return any(_QUOTED.match(line[:_LINE_READ]) for line in lines)


def _inline(lines: list[str]) -> Folded:
    """Answers between the quoted lines: they make sense only together. What is quoted below the last answer goes."""
    last = len(lines)
    while last and (not lines[last - 1].strip() or _QUOTED.match(lines[last - 1][:_LINE_READ])):
        last -= 1
    return _signed(lines[:last], "\n".join(lines[last:]).strip("\n"))


def _signed(lines: list[str], quoted: str) -> Folded:
    """Cut off below `-- `, or the words of a phone at the very end."""
    for place, line in enumerate(lines):
        below = len(lines) - place
        if line.rstrip() == "--" and below <= _SIGNATURE_LINES and _said(lines[:place]):
            return Folded(_joined(lines[:place]), quoted, _joined(lines[place:]))
    said = [place for place, line in enumerate(lines) if line.strip()]
    if len(said) > 1 and _PHONE.match(lines[said[-1]][:_LINE_READ]):
        return Folded(_joined(lines[: said[-1]]), quoted, lines[said[-1]].strip())
    return Folded(_joined(lines), quoted, "")


def _said(lines: list[str]) -> bool:
    return any(line.strip() and not _RULE.match(line[:_LINE_READ]) for line in lines)


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
