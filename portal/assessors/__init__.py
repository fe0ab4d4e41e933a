"""Pages of assessors: offers, applications to score, and when they are free."""

from portal.assessors.routes import routes

__all__ = ["routes"]
