"""The ground the other tests of the desk stand on."""

from tests import cast
from tests.desk.house import House


async def test_a_reply_reaches_the_customer_who_follows_the_chat(house: House) -> None:
    number = await house.live()
    ear = house.ear(cast.MARTA, number)
    reply = await house.write(number, cast.ADA, "How can I help?")
    assert ear.numbers(number) == [reply.seq]
    assert await house.texts(number) == ["Hello", "How can I help?"]
