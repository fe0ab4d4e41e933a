"""Keeping things in order: panels, imports, exports, people, messages, the audit trail."""

from portal.routing import area

routes = area()
