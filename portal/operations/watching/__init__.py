"""Watching and steering: the live board, lists, one nomination, steps for one and for many."""

from portal.operations.watching.routes import routes

__all__ = ["routes"]
