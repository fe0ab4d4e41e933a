"""Pages of QA moderators: flags, scores beside each other, and the audit sample."""

from portal.moderators.routes import routes

__all__ = ["routes"]
