"""Keeping things in order: panels, imports, exports, people, messages, the audit trail."""

from portal.operations.keeping import (
    addresses,
    allocation,
    audit,
    exporting,
    importing,
    messages,
    organisations,
    pairs,
    people,
    questions,
    swaps,
    undoing,
    what_if,
)
from portal.routing import area

routes = area()
for part in (
    pairs,
    swaps,
    questions,
    what_if,
    undoing,
    allocation,
    messages,
    people,
    addresses,
    organisations,
    importing,
    exporting,
    audit,
):
    routes.include_router(part.routes)
