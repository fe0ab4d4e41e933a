"""Pages of nominators: an organisation's nominations and how to make one."""

from portal.routing import area

routes = area()
