"""Pages of inclusion advisers: sums, never people."""

from portal.advisers.routes import routes

__all__ = ["routes"]
