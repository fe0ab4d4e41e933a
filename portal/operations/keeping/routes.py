"""Keeping things in order: panels, imports, exports, people, messages, the audit trail."""

from portal.operations.keeping import allocation, audit, messages, organisations, people
from portal.routing import area

routes = area()
for part in (allocation, messages, people, organisations, audit):
    routes.include_router(part.routes)
