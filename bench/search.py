"""How long a search takes: a page and its count, for every kind of question there is."""

from bench.lists import Reader

# By what they find: nearly nothing, nearly everything, several words, a beginning, a person, a number; then with filters.
QUESTIONS = (
    "q=zanzibar",
    "q=parcel",
    "q=parcel%20tomorrow",
    "q=thank%20you%20parcel%20invoice%20screen",
    "q=sonderfall%20zan",
    "q=deliv",
    "q=customer%2017",
    "q=customer1234%40mail.example",
    "q=%2350000",
    "q=nothing%20like%20this",
    "q=parcel&closed_by=agent",
    "q=zanzibar&closed_by=agent",
    "q=deliv&from=1700000000000&closed_by=customer",
)


def search_all(reader: Reader, times: int) -> None:
    """Every question in the tabs that hold a history, first and second page, so many times."""
    for _ in range(times):
        for question in QUESTIONS:
            for tab in ("tab=closed", "tab=tickets&group=closed"):
                reader.count(f"{tab}&{question}")
                reader.pages(f"{tab}&{question}", most=2)
