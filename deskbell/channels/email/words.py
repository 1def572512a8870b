"""What mails to customers, and the page behind the link in them, say besides what people wrote."""

from typing import NamedTuple

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


class Phrases(NamedTuple):
    subject: str
    intro: str
    you: str
    agent: str
    wrote: str
    file: str
    earlier: str
    why_you: str
    question_csat: str
    question_nps: str
    rate: str
    comment: str
    send: str
    thanks: str
    change: str


ENGLISH = Phrases(
    subject="Your conversation #{number}",
    intro="Thank you for writing to us. Here is what was said.",
    you="You",
    agent="Our team",
    wrote="On {when} you wrote:",
    file="File",
    earlier="Earlier messages are left out here.",
    why_you="You get this mail because this address was given in a chat. If that was not you, nothing needs to be done.",
    question_csat="How satisfied are you with this chat?",
    question_nps="How likely are you to recommend us to a friend?",
    rate="Rate this chat",
    comment="Would you like to add something?",
    send="Send",
    thanks="Thank you for your answer.",
    change="You can change it for 24 hours.",
)
GERMAN = Phrases(
    subject="Ihr Gespräch #{number}",
    intro="Danke, dass Sie uns geschrieben haben. Hier ist, was gesagt wurde.",
    you="Sie",
    agent="Unser Team",
    wrote="Am {when} schrieben Sie:",
    file="Datei",
    earlier="Frühere Nachrichten sind hier ausgelassen.",
    why_you="Sie bekommen diese Mail, weil diese Adresse in einem Chat angegeben wurde. Waren Sie das nicht, müssen Sie "
    "nichts tun.",
    question_csat="Wie zufrieden sind Sie mit diesem Chat?",
    question_nps="Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
    rate="Diesen Chat bewerten",
    comment="Möchten Sie etwas hinzufügen?",
    send="Senden",
    thanks="Danke für Ihre Antwort.",
    change="Sie können sie 24 Stunden lang ändern.",
)
ARABIC = Phrases(
    subject="محادثتك رقم #{number}",
    intro="شكرًا لمراسلتك لنا. إليك ما قيل.",
    you="أنت",
    agent="فريقنا",
    wrote="في {when} كتبت:",
    file="ملف",
    earlier="تم حذف الرسائل الأقدم هنا.",
    why_you="وصلتك هذه الرسالة لأن هذا العنوان أُدخل في محادثة. إن لم تكن أنت، فلا داعي لفعل أي شيء.",
    question_csat="ما مدى رضاك عن هذه المحادثة؟",
    question_nps="ما مدى احتمال أن توصي بنا صديقًا؟",
    rate="قيّم هذه المحادثة",
    comment="هل تود إضافة شيء؟",
    send="إرسال",
    thanks="شكرًا على إجابتك.",
    change="يمكنك تغييرها خلال 24 ساعة.",
)
_BY_LANGUAGE = {"en": ENGLISH, "de": GERMAN, "ar": ARABIC}


def language_of(locales: str) -> str:
    """The first language of `locales`, as in `fr,de-AT`, that we speak, else English."""
    languages = (one.partition("-")[0].lower() for one in locales.split(","))
    return next((one for one in languages if one in _BY_LANGUAGE), "en")


def phrases(locales: str) -> Phrases:
    return _BY_LANGUAGE[language_of(locales)]


def direction(locales: str) -> str:
    return "rtl" if language_of(locales) in RIGHT_TO_LEFT else "ltr"
