"""Pages of operations: every workflow, watched and steered."""

from portal.operations.routes import routes

__all__ = ["routes"]
