"""Signing in and out, and choosing a role."""

from portal.routing import area
from portal.sign_in import roles
from portal.sign_in import routes as codes

routes = area()
routes.include_router(codes.routes)
routes.include_router(roles.routes)

__all__ = ["routes"]
