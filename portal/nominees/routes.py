"""Pages of nominees: consent, the application, and how it goes on."""

from portal.routing import area

routes = area()
