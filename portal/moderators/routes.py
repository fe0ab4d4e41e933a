"""Pages of QA moderators: flags, scores beside each other, and the audit sample."""

from portal.moderators import conflicted, listing, looking, sampling, screening, settling
from portal.routing import area

routes = area()
# What has a name of its own comes before what is about any nomination.
for part in (listing, conflicted, sampling, screening, settling, looking):
    routes.include_router(part.routes)
