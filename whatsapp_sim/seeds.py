"""What a new simulator holds: the business account of the demo, three customers, and templates of every kind."""

from typing import Any

from whatsapp_sim import defaults
from whatsapp_sim.dice import Dice
from whatsapp_sim.state import Account, App, Number, Template, Token, World
from whatsapp_sim.verbs import NewUser

Json = dict[str, Any]

CUSTOMERS = (
    NewUser(id="marta", name="Marta Keller", phone="15555550111"),
    NewUser(id="yusuf", name="Yusuf Demir", phone="15555550112"),
    NewUser(id="lena", name="Lena", phone="15555550113", username="lena.lights", hidden=True),
)


def body(text: str, *examples: str) -> Json:
    return {"type": "BODY", "text": text} | ({"example": {"body_text": [list(examples)]}} if examples else {})


def quick(*labels: str) -> Json:
    return {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": label} for label in labels]}


ORDER_UPDATE = "order_update"
TEMPLATES: tuple[tuple[str, str, str, str, str, list[Json]], ...] = (
    (
        "hello_again",
        "en",
        "UTILITY",
        "APPROVED",
        "POSITIONAL",
        [body("Hello! We have news about your request. Please answer here, and we go on where we stopped.")],
    ),
    (
        ORDER_UPDATE,
        "en",
        "UTILITY",
        "APPROVED",
        "POSITIONAL",
        [
            {
                "type": "HEADER",
                "format": "TEXT",
                "text": "Order {{1}}",
                "example": {"header_text": ["2041"]},
            },
            body("Hello {{1}}, your order {{2}} leaves us on {{3}}.", "Marta", "2041", "Friday"),
            {"type": "FOOTER", "text": "Fjord & Pine"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Thank you"},
                    {"type": "QUICK_REPLY", "text": "I have a question"},
                    {
                        "type": "URL",
                        "text": "Track it",
                        "url": "https://fjordpine.example/track/{{1}}",
                        "example": ["https://fjordpine.example/track/2041"],
                    },
                ],
            },
        ],
    ),
    (
        ORDER_UPDATE,
        "de",
        "UTILITY",
        "APPROVED",
        "POSITIONAL",
        [
            {
                "type": "HEADER",
                "format": "TEXT",
                "text": "Bestellung {{1}}",
                "example": {"header_text": ["2041"]},
            },
            body(
                "Hallo {{1}}, Ihre Bestellung {{2}} geht am {{3}} auf die Reise.", "Marta", "2041", "Freitag"
            ),
            {"type": "FOOTER", "text": "Fjord & Pine"},
            quick("Danke", "Ich habe eine Frage"),
        ],
    ),
    (
        "appointment_reminder",
        "en",
        "UTILITY",
        "APPROVED",
        "NAMED",
        [
            {
                "type": "BODY",
                "text": "Hello {{customer_name}}, we see you on {{day}} at {{time}}.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "customer_name", "example": "Marta"},
                        {"param_name": "day", "example": "Monday"},
                        {"param_name": "time", "example": "10:30"},
                    ]
                },
            },
            quick("I come", "Another day"),
        ],
    ),
    (
        "new_lanterns",
        "en",
        "MARKETING",
        "APPROVED",
        "POSITIONAL",
        [
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2U="]}},
            body("{{1}}, the new lanterns are here. Shall we put one aside for you?", "Marta"),
            {"type": "FOOTER", "text": "Answer STOP to hear no more"},
            quick("Yes please", "STOP"),
        ],
    ),
    (
        "your_receipt",
        "en",
        "UTILITY",
        "APPROVED",
        "POSITIONAL",
        [
            {"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": ["4::cGRm"]}},
            body("Here is the receipt for order {{1}}.", "2041"),
        ],
    ),
    (
        "visit_us",
        "en",
        "UTILITY",
        "APPROVED",
        "POSITIONAL",
        [
            {"type": "HEADER", "format": "LOCATION"},
            body("This is where you find us, {{1}}.", "Marta"),
            {
                "type": "BUTTONS",
                "buttons": [{"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+493023125000"}],
            },
        ],
    ),
    ("survey_after_chat", "en", "UTILITY", "PENDING", "POSITIONAL", [body("How was it, {{1}}?", "Marta")]),
    ("winter_sale", "en", "MARKETING", "REJECTED", "POSITIONAL", [body("Everything {{1}}!", "half price")]),
    ("lamp_of_the_week", "en", "MARKETING", "PAUSED", "POSITIONAL", [body("Look: {{1}}", "the brass one")]),
    ("old_greeting", "en", "UTILITY", "DISABLED", "POSITIONAL", [body("Good day!")]),
)


def fill(world: World, dice: Dice) -> None:
    """The account of the defaults, its number and its templates."""
    world.apps[defaults.APP_ID] = App(defaults.APP_ID, defaults.APP_SECRET, defaults.VERIFY_TOKEN)
    world.tokens[defaults.TOKEN] = Token(defaults.TOKEN, defaults.APP_ID, {defaults.WABA_ID})
    world.accounts[defaults.WABA_ID] = Account(defaults.WABA_ID, defaults.WABA_NAME, {defaults.APP_ID})
    world.numbers[defaults.PHONE_NUMBER_ID] = Number(
        defaults.PHONE_NUMBER_ID,
        defaults.WABA_ID,
        defaults.PHONE_NUMBER,
        defaults.DISPLAY_PHONE_NUMBER,
        defaults.WABA_NAME,
        defaults.COUNTRY_CODE,
    )
    add_templates(world, dice, defaults.WABA_ID)


def add_templates(world: World, dice: Dice, account: str) -> None:
    for name, language, category, status, style, components in TEMPLATES:
        template_id = dice.digits(16, "template", account, name, language)
        world.templates[template_id] = Template(
            template_id,
            account,
            name,
            language,
            category,
            components,
            status,
            style,
            reason="PROMOTIONAL" if status == "REJECTED" else "NONE",
        )
