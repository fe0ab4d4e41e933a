"""Pages of assessors: offers, applications to score, and when they are free."""

from portal.assessors import availability, days, inbox, mixing, offers, reading, scoring
from portal.routing import area

routes = area()
for part in (inbox, offers, reading, scoring, availability, days, mixing):
    routes.include_router(part.routes)
