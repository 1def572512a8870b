"""What members of staff set for themselves, the same on all their devices."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from deskbell.api.schemas import Body
from deskbell.domain.notices import KINDS, WAYS

QuietWay = Annotated[str, Meta(pattern=rf"^({'|'.join(KINDS)})\.({'|'.join(WAYS)})$")]
ListTab = Literal["live", "pending", "tagged", "closed", "tickets"]


class ListSettings(Body):
    """How somebody has left the lists. `filters` as in the address; `folded`: agents, 0 for the queue, -1 for what calls."""

    tab: ListTab = "live"
    scope: Literal["mine", "all"] = "mine"
    filters: Annotated[dict[ListTab, Annotated[str, Meta(max_length=300)]], Meta(max_length=5)] = field(
        default_factory=dict
    )
    folded: Annotated[list[int], Meta(max_length=1_000)] = field(default_factory=list)


class SettingsChange(Body):
    live_sort: Literal["activity", "new"] | UnsetType = UNSET
    theme: Literal["system", "light", "dark"] | UnsetType = UNSET
    sound: bool | UnsetType = UNSET
    enter_sends: bool | UnsetType = UNSET
    quiet: Annotated[list[QuietWay], Meta(max_length=len(KINDS) * len(WAYS))] | UnsetType = UNSET
    digest: bool | UnsetType = UNSET
    lists: ListSettings | UnsetType = UNSET
