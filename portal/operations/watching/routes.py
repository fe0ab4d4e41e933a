"""Watching and steering: the live board, lists, one nomination, steps for one and for many."""

from portal.routing import area

routes = area()
