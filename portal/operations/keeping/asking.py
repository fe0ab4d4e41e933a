"""What the pages ask for in their addresses, and who may ask."""

from typing import Annotated

from fastapi import Path, Query

from models.enums import Role
from portal.access import by
from portal.visitors import Visitor
from rules.permissions import Act

After = Annotated[str, Query(pattern=r"^[!-~]*$", max_length=160)]
"""Where a page of a list begins: a key that the page before it gave."""
Key = Annotated[str, Query(pattern=r"^[!-~]+$", max_length=160)]
"""An id that cannot stand in a path, since it holds strokes."""
Named = Annotated[str, Path(pattern=r"^[!-~]+$", max_length=160)]
"""An id in a path."""
Auditing = Annotated[Visitor, by(Role.OPERATIONS, Act.READ_AUDIT)]
Keeping = Annotated[Visitor, by(Role.OPERATIONS, Act.IMPORT_REGISTER)]
Unblocking = Annotated[Visitor, by(Role.OPERATIONS, Act.UNBLOCK)]
