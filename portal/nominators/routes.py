"""Pages of nominators: an organisation's nominations and how to make one."""

from portal.nominators import following, letters, listing
from portal.routing import area

routes = area()
for part in (listing, letters, following):
    routes.include_router(part.routes)
