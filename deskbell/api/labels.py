"""The label field's suggestions (CHAT-8); labels are made by using them."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from deskbell.api.auth import StaffUser
from deskbell.api.ports import Here
from deskbell.api.schemas import LabelList, LabelView
from deskbell.kit import text
from deskbell.store import labels

SHOWN = 200


@get("/api/labels")
async def find(
    staff_user: StaffUser, edge: Here, q: Annotated[str, QueryParameter(max_length=100)] = ""
) -> LabelList:
    """Those whose name holds `q`, the ones that begin with it first; at most SHOWN."""
    return LabelList([LabelView(*label) for label in await labels.find(edge.pool, text.name(q), SHOWN)])


route_handlers = [find]
