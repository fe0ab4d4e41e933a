"""Pages of the talent board: the cohort, the proposed order, decisions and their release."""

from portal.routing import area

routes = area()
