"""The interface for programs."""

from portal.routing import area

routes = area()
