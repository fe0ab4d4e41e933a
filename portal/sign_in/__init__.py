"""Signing in and out, and choosing a role."""

from portal.routing import area
from portal.sign_in import oidc, passkeys, personas, roles
from portal.sign_in import routes as codes

routes = area()
routes.include_router(codes.routes)
routes.include_router(roles.routes)
routes.include_router(oidc.routes)
routes.include_router(passkeys.routes)
routes.include_router(personas.routes)

__all__ = ["routes"]
