"""What is new in an answer is shown, its history folded, whoever's program wrote it (CHANNEL-4)."""

import time

import pytest

from deskbell.channels.email.fold import fold, unsigned
from tests.rules import rule

ATTRIBUTIONS = [
    "On Mon, 2 Mar 2026 at 10:00, Ada (Shop) <support+c7.abc@desk.test> wrote:",
    "On Mon, Mar 2, 2026 at 10:00 AM Ada from the very long named Shop\n<support+c7.abcdefghijklmnop@desk.test>\nwrote:",
    "Am 02.03.2026 um 10:00 schrieb Ada <support@desk.test>:",
    "Am Mo., 2. März 2026 um 10:00 Uhr schrieb Ada\n<support@desk.test>:",
    "Le lun. 2 mars 2026 à 10:00, Ada <support@desk.test> a écrit :",
    "El lun, 2 mar 2026 a las 10:00, Ada (<support@desk.test>) escribió:",
    "Il giorno lun 2 mar 2026 alle ore 10:00 Ada <support@desk.test> ha scritto:",
    "Op ma 2 mrt 2026 om 10:00 schreef Ada <support@desk.test>:",
    "Em seg., 2 de mar. de 2026 às 10:00, Ada <support@desk.test> escreveu:",
    "Den mån 2 mars 2026 kl 10:00 skrev Ada <support@desk.test>:",
    "pon., 2 mar 2026 o 10:00 Ada <support@desk.test> napisał(a):",
    "пн, 2 мар. 2026 г. в 10:00, Ada <support@desk.test>:\nAda пишет:",
    "2026年3月2日(月) 10:00 Ada <support@desk.test> のメール:",
    "Ada <support@desk.test> 于2026年3月2日周一 10:00写道：",
]
HISTORY = "> Did you try\n> the switch?\n>\n>> Marta said:\n>> It is dark."


@rule("CHANNEL-4")
@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_answer_above_its_history(attribution: str) -> None:
    folded = fold(f"Yes, twice.\n\nIt stays dark.\n\n{attribution}\n\n{HISTORY}\n")
    assert folded.new.startswith("Yes, twice.\n\nIt stays dark.")
    assert ">" not in folded.new
    assert HISTORY in folded.quoted


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_answer_below_its_history(attribution: str) -> None:
    folded = fold(f"{attribution}\n{HISTORY}\n\nYes, twice.\n")
    assert folded.new.endswith("Yes, twice.")
    assert ">" not in folded.new


@rule("CHANNEL-4")
def test_answers_between_the_lines_keep_what_they_answer() -> None:
    folded = fold(f"{ATTRIBUTIONS[0]}\n> Did you try the switch?\nYes.\n> And the plug?\nNo!\n> Bye\n> Ada\n")
    assert "> And the plug?\nNo!" in folded.new
    assert "Yes." in folded.new
    assert folded.quoted == "> Bye\n> Ada"


OUTLOOK = [
    "From: Ada <support@desk.test>\nSent: Monday, March 2, 2026 10:00 AM\nTo: Marta\nSubject: A lamp\n",
    "Von: Ada <support@desk.test>\nGesendet: Montag, 2. März 2026 10:00\nAn: Marta\nBetreff: Eine Lampe\n",
    "*De :* Ada\n*Envoyé :* lundi 2 mars 2026\n*À :* Marta\n*Objet :* Lampe\n",
    "-----Original Message-----\nFrom: Ada\n",
    "-------- Ursprüngliche Nachricht --------\nVon: Ada\n",
    "________________________________\nFrom: Ada\nSent: Monday\nTo: Marta\nSubject: A lamp\n",
]


@pytest.mark.parametrize("head", OUTLOOK)
def test_history_below_a_head_without_marks_is_folded_to_the_end(head: str) -> None:
    folded = fold(f"Yes.\n\n{head}\nDid you try the switch?\n\nAda\n")
    assert folded.new == "Yes."
    assert "Did you try the switch?" in folded.quoted


@pytest.mark.parametrize(
    "text",
    [
        "Nothing is quoted here.",
        f"{ATTRIBUTIONS[0]}\n{HISTORY}",
        f"{OUTLOOK[0]}\nForwarded to you, without a word of mine.",
        "On the label somebody wrote:\nfragile",
        "From: my point of view it is fine.\nThank you",
        "> all of it\n> is quoted",
        "",
    ],
)
def test_in_doubt_nothing_is_hidden(text: str) -> None:
    assert fold(text).new == text.strip("\n")


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Hello\n\n-- \nMarta Holm\nHolm & Sons", "Hello"),
        ("Hello\n\nSent from my iPhone", "Hello"),
        ("Hallo\n\nVon meinem iPhone gesendet", "Hallo"),
        ("-- \nonly a signature", "-- \nonly a signature"),
        ("Sent from my iPhone", "Sent from my iPhone"),
        ("a\n--\n" + "long\n" * 40, ("a\n--\n" + "long\n" * 40).strip()),
    ],
)
def test_signatures_are_folded_and_never_all_there_is(text: str, new: str) -> None:
    assert unsigned(text).new == new
    assert fold(text).new == new


@pytest.mark.parametrize(
    "bomb",
    ["> " * 500_000, ">\n" * 100_000, "wrote:\n" * 30_000, "From: x\n" * 30_000, " " * 500_000 + "wrote:", "-- \n" * 50_000,
     "On " * 100_000 + "\n" + "wrote: " * 50_000],
    ids=lambda bomb: bomb[:8].strip(),
)  # fmt: skip
def test_no_text_takes_long(bomb: str) -> None:
    began = time.monotonic()
    fold(bomb)
    assert time.monotonic() - began < 3
