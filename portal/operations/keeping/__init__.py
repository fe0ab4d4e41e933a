"""Keeping things in order: panels, imports, exports, people, messages, the audit trail."""

from portal.operations.keeping.routes import routes

__all__ = ["routes"]
