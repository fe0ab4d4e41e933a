"""Pages of operations: every workflow, watched and steered."""

from portal.routing import area

routes = area()
