"""Pages: the console, the widget's loader and frame, the demo's shop, and what they are made of."""

from deskbell.api.pages import demo, screens, static

route_handlers = [*screens.route_handlers, *static.route_handlers, *demo.route_handlers]
