"""Notes on a customer, for those who deal with them (PEOPLE-7, TEAM-7)."""

from typing import Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, QueryParameter

from deskbell.api.auth import StaffUser
from deskbell.api.customers import theirs
from deskbell.api.ports import Here
from deskbell.api.problems import Problem, forbidden, not_found
from deskbell.api.schemas import BigIdInPath, NoteList, NoteNew, NoteView
from deskbell.domain import access
from deskbell.kit import text
from deskbell.kit.clock import milliseconds
from deskbell.store import notes
from deskbell.store.notes import Note

TEXT = 4_000
Before = Annotated[int | None, QueryParameter(ge=1, le=2**62)]
PageSize = Annotated[int, QueryParameter(ge=1, le=100)]


@get("/api/customers/{customer_id:int}/notes")
async def page(
    customer_id: BigIdInPath, staff_user: StaffUser, edge: Here, before: Before = None, limit: PageSize = 50
) -> NoteList:
    """Newest first; `next` is the `before` of the following page."""
    await theirs(edge, staff_user, customer_id)
    found = await notes.page(edge.pool, customer_id, before, limit + 1)
    shown = found[:limit]
    following = shown[-1].id if len(found) > limit else None
    return NoteList([_view(note) for note in shown], await notes.count(edge.pool, customer_id), following)


@post("/api/customers/{customer_id:int}/notes")
async def add(
    customer_id: BigIdInPath, data: JSONBody[NoteNew], staff_user: StaffUser, edge: Here
) -> NoteView:
    await theirs(edge, staff_user, customer_id)
    words = text.clean(data.text, TEXT, "A note").strip()
    if not words:
        raise Problem(400, "empty", "A note must not be empty.", field="text")
    note = await notes.add(edge.pool, customer_id, staff_user.id, data.id, words, edge.clock.now())
    if note is None:
        sentence = f"A customer has at most {notes.MOST} notes. Delete some that are no longer needed."
        raise Problem(409, "full", sentence, limit=notes.MOST)
    await edge.signals.changed("notes")
    return _view(note)


@delete("/api/customers/{customer_id:int}/notes/{note_id:int}")
async def remove(customer_id: BigIdInPath, note_id: BigIdInPath, staff_user: StaffUser, edge: Here) -> None:
    await theirs(edge, staff_user, customer_id)
    author = await notes.author(edge.pool, customer_id, note_id)
    if author is None:
        raise not_found("note")
    if reason := access.why_not_delete_note(staff_user, author):
        raise forbidden(reason)
    await notes.delete(edge.pool, customer_id, note_id)
    await edge.signals.changed("notes")


def _view(note: Note) -> NoteView:
    return NoteView(id=note.id, by=note.staff_id, text=note.text, at=milliseconds(note.at))


route_handlers = [page, add, remove]
