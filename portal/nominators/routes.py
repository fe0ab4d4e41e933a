"""Pages of nominators: an organisation's nominations and how to make one."""

from portal.nominators import asking, beginning, following, letters, listing, sending
from portal.routing import area

routes = area()
for part in (listing, letters, following, beginning, sending, asking):
    routes.include_router(part.routes)
