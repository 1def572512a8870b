"""How was it? Asked once after each closing of a chat; the answer may be changed for a day (SUPERVISOR-4)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from .blocking import REASON
from .commands import Command, Rate
from .conversation import Change, Conversation, Rating, Survey
from .errors import Refused
from .facts import Facts, SurveyFact
from .post import moved_on
from .thread import record

SCORES = {"csat": (1, 5), "nps": (0, 10)}
ANSWERED_WITHIN = timedelta(days=30)
CHANGED_WITHIN = timedelta(hours=24)


def survey_at_close(conversation: Conversation, seq: int, facts: Facts) -> tuple[Survey, ...]:
    """Only where somebody from the team dealt with it, and never when the customer was blocked (BLOCK-1)."""
    kind = facts.preferences.survey
    if kind == "off" or conversation.kind != "chat" or conversation.owner_id is None:
        return ()
    if conversation.close_reason == REASON or moved_on(conversation):
        return ()
    return (Survey(conversation.id, seq, kind),)


def why_closed(survey: SurveyFact, now: datetime) -> str | None:
    """Why it takes no answer any more; None: it does."""
    if survey.rated_at is not None and now - survey.rated_at >= CHANGED_WITHIN:
        return "A rating can be changed for 24 hours. Thank you for yours."
    if survey.rated_at is None and now - survey.asked_at >= ANSWERED_WITHIN:
        return "This was too long ago to be rated."
    return None


def rate(conversation: Conversation, command: Command, facts: Facts, now: datetime) -> Change:
    assert isinstance(command, Rate)
    asked = _asked(facts.surveys.get(conversation.id, ()), command.closing)
    reason = why_closed(asked, now)
    if reason:
        raise Refused("closed", reason)
    least, most = SCORES[asked.kind]
    if not least <= command.score <= most:
        raise Refused("score", f"The rating must be a whole number from {least} to {most}.")
    if (command.score, command.comment) == (asked.score, asked.comment):
        raise Refused("closed", "The rating is like that already.")
    data = {"name": "rated", "kind": asked.kind, "score": command.score, "comment": command.comment}
    if asked.rated_at is not None:
        data["again"] = True
    conversation, entry = record(conversation, command.actor, data, now, command.client_id)
    rating = Rating(conversation.id, asked.seq, command.score, command.comment)
    return Change(conversation, (entry,), entry, rating=rating)


def _asked(surveys: Sequence[SurveyFact], closing: int | None) -> SurveyFact:
    found = [one for one in surveys if closing is None or one.seq == closing]
    if not found:
        raise Refused("closed", "Nobody asked for a rating of this conversation.")
    return found[-1]
