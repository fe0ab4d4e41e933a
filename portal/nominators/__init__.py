"""Pages of nominators: an organisation's nominations and how to make one."""

from portal.nominators.routes import routes

__all__ = ["routes"]
