"""Pages on which an organisation's tokens and webhooks are kept: by its nominators, and by operations for any."""

from fastapi import Depends

from portal.api.keeping import addresses, organisations, tokens
from portal.api.keeping.entry import ALL, OWN, everybodys, own
from portal.api.keeping.kept import routes_at
from portal.routing import area

routes = area()
for _part in (
    tokens.routes,
    addresses.routes,
    routes_at(OWN, Depends(own)),
    organisations.routes,
    routes_at(f"{ALL}/{{code}}", Depends(everybodys)),
):
    routes.include_router(_part)

__all__ = ["routes"]
