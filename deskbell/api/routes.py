"""The routes around the core: everything but conversations and sockets."""

from deskbell.api import (
    canned_replies,
    caught,
    closing_tags,
    customer_fields,
    customers,
    departments,
    files,
    health,
    labels,
    mails,
    me,
    notes,
    pages,
    preferences,
    session,
    setup,
    sites,
    staff,
    timers,
    whatsapp,
    widget_open,
    widget_session,
)

HANDLERS = [
    handler
    for module in (
        setup,
        session,
        me,
        staff,
        departments,
        labels,
        mails,
        sites,
        customer_fields,
        customers,
        notes,
        timers,
        preferences,
        closing_tags,
        canned_replies,
        widget_open,
        widget_session,
        files,
        caught,
        whatsapp,
        health,
        pages,
    )
    for handler in module.route_handlers
]
