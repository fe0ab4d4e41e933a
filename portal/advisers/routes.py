"""Pages of inclusion advisers: sums, never people."""

from portal.routing import area

routes = area()
