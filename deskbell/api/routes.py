"""The routes around the core: everything but conversations and sockets."""

from deskbell.api import me, session, setup, widget_session

HANDLERS = [
    *setup.route_handlers,
    *session.route_handlers,
    *me.route_handlers,
    *widget_session.route_handlers,
]
