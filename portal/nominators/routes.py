"""Pages of nominators: an organisation's nominations and how to make one."""

from portal.nominators import asking, beginning, endorsing, following, letters, listing, sending, withdrawing
from portal.routing import area

routes = area()
for part in (listing, letters, following, endorsing, withdrawing, beginning, sending, asking):
    routes.include_router(part.routes)
