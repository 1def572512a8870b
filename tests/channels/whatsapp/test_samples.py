"""Every kind of thing that a webhook may tell, by a sample each: what it means, and that nothing near it is a fault
(CHANNEL-2, W5)."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskbell.channels.base import AccountNews, Amended, Arrived, Media, Renamed, Said, Status
from deskbell.channels.whatsapp.inbound import arrived
from deskbell.channels.whatsapp.webhook import notified
from tests.rules import rule

SAMPLES = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "samples").glob("*.json"))
}
SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
HIDDEN = {"hidden_phone"}


def meanings(webhook: Any) -> list[Arrived]:
    return [means for one in notified(json.dumps(webhook).encode()) for means in arrived(one.payload)]


def in_short(means: Arrived) -> dict[str, Any]:
    """As the samples say it."""
    match means:
        case Said():
            said: dict[str, Any] = {"text": means.text}
            said |= {"media": [file.kind for file in means.media]} if means.media else {}
            said |= {"shared": means.shared} if means.shared else {}
            said |= {"answers": means.answers} if means.answers else {}
            return {"said": said}
        case Amended():
            return {"amended": {"what": means.what, "about": means.about, "text": means.text}}
        case Renamed():
            persons = {"before": means.before, "after": means.after}
            return {"renamed": {name: [one.user_id, one.phone] for name, one in persons.items()}}
        case Status():
            return {"status": [means.state, means.code, means.error]}
        case AccountNews():
            return {"news": means.what}


@rule("CHANNEL-2")
@pytest.mark.parametrize("name", SAMPLES)
def test_each_kind_means_what_its_sample_says(name: str) -> None:
    found = meanings(SAMPLES[name]["webhook"])
    assert [in_short(means) for means in found] == (
        [SAMPLES[name]["means"]] if SAMPLES[name]["means"] else []
    )
    for means in found:
        if isinstance(means, Said | Amended):
            assert means.at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
            assert means.person.user_id
            assert (means.person.phone is None) is (name in HIDDEN)


def test_a_file_comes_with_all_that_is_needed_to_fetch_and_check_it() -> None:
    [said] = meanings(SAMPLES["document"]["webhook"])
    assert isinstance(said, Said)
    assert said.media == (Media("771200340056", "document", "application/pdf", "receipt.pdf", SHA256),)
    assert said.person.name == "Marta Keller"


def test_a_status_brings_our_own_mark_back() -> None:
    [status] = meanings(SAMPLES["sent"]["webhook"])
    assert isinstance(status, Status)
    assert (status.id, status.attempt) == ("wamid.ours", "attempt-7")


@rule("CHANNEL-2")
def test_one_body_may_tell_of_many_people_numbers_and_businesses() -> None:
    webhook = copy.deepcopy(SAMPLES["text"]["webhook"])
    value = webhook["entry"][0]["changes"][0]["value"]
    second = {
        "from": "15555550112",
        "from_user_id": "US.2",
        "id": "wamid.2",
        "type": "text",
        "text": {"body": "2"},
    }
    value["contacts"].append({"profile": {"name": "Yusuf"}, "wa_id": "15555550112", "user_id": "US.2"})
    value["messages"].append(second)
    value["statuses"] = SAMPLES["read"]["webhook"]["entry"][0]["changes"][0]["value"]["statuses"]
    other = copy.deepcopy(SAMPLES["image"]["webhook"]["entry"][0])
    other["id"], other["changes"][0]["value"]["metadata"]["phone_number_id"] = "1", "200"
    webhook["entry"].append(other)
    found = notified(json.dumps(webhook).encode())
    assert [(one.account, one.key, one.sender) for one in found] == [
        ("100200300400500", "m:wamid.text", "US.17001"),
        ("100200300400500", "m:wamid.2", "US.2"),
        ("100200300400500", "s:wamid.ours:read", ""),
        ("200", "m:wamid.image", "US.17001"),
    ]
    names = [means.person.name for one in found for means in arrived(one.payload) if isinstance(means, Said)]
    assert names == ["Marta Keller", "Yusuf", "Marta Keller"]


def test_a_thousand_updates_are_a_thousand_things() -> None:
    webhook = copy.deepcopy(SAMPLES["text"]["webhook"])
    messages = webhook["entry"][0]["changes"][0]["value"]["messages"]
    messages[:] = [messages[0] | {"id": f"wamid.{n}"} for n in range(1_000)]
    assert len({one.key for one in notified(json.dumps(webhook).encode())}) == 1_000
    messages[:] = [messages[0]] * 20_001
    with pytest.raises(ValueError, match="20000"):
        notified(json.dumps(webhook).encode())


def test_news_of_a_business_is_for_the_business_and_the_same_news_has_the_same_key() -> None:
    webhook = SAMPLES["template_status"]["webhook"]
    [one] = notified(json.dumps(webhook).encode())
    [again] = notified(json.dumps(webhook, sort_keys=True).encode())
    assert (one.account, one.key) == ("900800700600500", again.key)
    later = copy.deepcopy(webhook)
    later["entry"][0]["time"] += 1
    assert notified(json.dumps(later).encode())[0].key != one.key


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\x00\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


@rule("CHANNEL-2")
@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_a_webhook_becomes_nothing_raises_and_all_can_be_stored(data: st.DataObject) -> None:
    webhook = copy.deepcopy(SAMPLES[data.draw(st.sampled_from(sorted(SAMPLES)))]["webhook"])
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(places(webhook) or [("object",)]))
        inside: Any = webhook
        try:
            for key in path[:-1]:
                inside = inside[key]
            if data.draw(st.booleans()):
                inside[path[-1]] = data.draw(JUNK)
            else:
                del inside[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took that place away
    try:
        things = notified(json.dumps(webhook).encode())
    except ValueError:
        assert not isinstance(webhook, dict) or webhook.get("object") != "whatsapp_business_account"
        return
    for one in things:
        assert 0 < len(one.key) <= 300
        assert len(one.sender) <= 200
        stored = json.dumps(one.payload)
        assert "\\u0000" not in stored
        stored.encode("utf-8")
        for means in arrived(one.payload):
            check(means)


def check(means: Arrived) -> None:
    """What the desk relies on."""
    match means:
        case Said():
            assert means.text or means.media or means.shared
            assert len(means.person.user_id) <= 200
            assert means.person.phone is None or len(means.person.phone) <= 20
            json.dumps(means.shared, allow_nan=False)
        case Amended():
            assert means.about
        case Renamed():
            assert means.before.user_id
            assert means.after.user_id
        case Status():
            assert means.id
