"""The interface for programs: its operations, their description, and the page that shows it."""

from fastapi import APIRouter

from portal.api.document import PARTS
from portal.api.explorer import described, pages
from portal.api.receipts import routes as receipts

routes = APIRouter()
for _part in (*PARTS, receipts, described, pages):
    routes.include_router(_part)
