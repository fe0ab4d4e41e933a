"""Keeping things in order: panels, imports, exports, people, messages, the audit trail."""

from portal.operations.keeping import allocation, audit, messages
from portal.routing import area

routes = area()
for part in (allocation, audit, messages):
    routes.include_router(part.routes)
