"""Pages of the talent board: the cohort, the proposed order, decisions and their release."""

from portal.board.routes import routes

__all__ = ["routes"]
