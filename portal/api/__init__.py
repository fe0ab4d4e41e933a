"""The interface for programs."""

from portal.api.routes import routes
from portal.api.unrouted import failed, is_for_programs

__all__ = ["failed", "is_for_programs", "routes"]
