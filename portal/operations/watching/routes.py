"""Watching and steering: the live board, lists, one nomination, steps for one and for many."""

from portal.operations.watching import board, bulk, bulk_taken, cohorts, late, listing, one, refusing, steering
from portal.routing import area

routes = area()
for part in (board, bulk, bulk_taken, cohorts, late, listing, one, refusing, steering):
    routes.include_router(part.routes)
