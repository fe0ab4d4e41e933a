"""Pages of nominees: consent, the application, and how it goes on."""

from portal.nominees.routes import routes

__all__ = ["routes"]
