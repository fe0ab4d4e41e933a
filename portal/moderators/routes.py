"""Pages of QA moderators: flags, scores beside each other, and the audit sample."""

from portal.routing import area

routes = area()
