"""Pages of operations: every workflow watched and steered, and everything kept in order around them."""

from portal.operations import keeping, watching
from portal.routing import area

routes = area()
routes.include_router(watching.routes)
routes.include_router(keeping.routes)

__all__ = ["routes"]
