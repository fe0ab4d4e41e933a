"""Nominating oneself: who may, showing that an address is one's own, the questions, and sending the answers."""

from portal.nominees.oneself import asking, beginning, proving, sending
from portal.routing import area

routes = area()
# The first two have addresses that would pass for the name of something that was begun.
for part in (proving, beginning, asking, sending):
    routes.include_router(part.routes)

__all__ = ["routes"]
