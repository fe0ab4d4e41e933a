"""Pages of the talent board: the cohort, the proposed order, decisions and their release."""

from portal.board import glance, ordering
from portal.routing import area

routes = area()
for part in (glance, ordering):
    routes.include_router(part.routes)
