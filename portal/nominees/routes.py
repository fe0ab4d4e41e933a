"""Pages of nominees: nominating oneself, consent, the application, and how it goes on."""

from portal.nominees import (
    applying,
    asking,
    consenting,
    deferring,
    details,
    holdings,
    leaving,
    monitoring,
    oneself,
    sending,
    standing,
)
from portal.routing import area

routes = area()
# Pages with an address of their own come before those under a nomination's number.
for part in (holdings, monitoring, consenting, details, applying, sending, asking, deferring, leaving, standing):
    routes.include_router(part.routes)
routes.include_router(oneself.routes)
