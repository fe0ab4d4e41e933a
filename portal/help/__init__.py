"""Pages that say how the service works: accessibility, privacy, cookies, contact."""

from portal.help.routes import routes

__all__ = ["routes"]
