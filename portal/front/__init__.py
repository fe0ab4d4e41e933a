"""The front page, the health of this process, and letters in development."""

from portal.front.routes import routes

__all__ = ["routes"]
