"""The interface for programs: its operations, their description, the pages that show it, and those on its tokens."""

from fastapi import APIRouter

from portal.api.document import PARTS
from portal.api.explorer import described, pages
from portal.api.keeping import routes as keeping
from portal.api.receipts import routes as receipts
from portal.api.trying import routes as trying

routes = APIRouter()
for _part in (*PARTS, receipts, described, pages, trying, keeping):
    routes.include_router(_part)
