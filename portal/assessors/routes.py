"""Pages of assessors: offers, applications to score, and when they are free."""

from portal.routing import area

routes = area()
