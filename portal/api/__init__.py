"""The interface for programs."""

from portal.api.routes import routes

__all__ = ["routes"]
