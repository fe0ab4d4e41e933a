"""Pages of the talent board: the cohort, the proposed order, decisions and their release."""

from portal.board import deciding, glance, listing, ordering, reading, releasing
from portal.routing import area

routes = area()
for part in (glance, ordering, listing, deciding, releasing, reading):
    routes.include_router(part.routes)
