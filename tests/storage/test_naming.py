import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

NAMED = """
import storage.naming
from sqlmodel import CheckConstraint, Field, SQLModel, UniqueConstraint
class Board(SQLModel, table=True):
    id: int = Field(primary_key=True)
class Seat(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("board_id", "number"), CheckConstraint("number > 0", name="number"))
    id: int = Field(primary_key=True)
    board_id: int = Field(foreign_key="board.id", index=True)
    number: int
table = SQLModel.metadata.tables["seat"]
print(*sorted(str(part.name) for part in (*table.constraints, *table.indexes)))
"""

LATE = """
from sqlmodel import Field, SQLModel
class Board(SQLModel, table=True):
    id: int = Field(primary_key=True)
import storage.naming
"""


def _run(text: str) -> "subprocess.CompletedProcess[str]":
    # A process of its own: the tables of one test must not meet the project's.
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603


def test_every_constraint_gets_a_name() -> None:
    run = _run(NAMED)

    assert run.stdout.split() == [
        "ck_seat_number",
        "fk_seat_board_id_board",
        "ix_seat_board_id",
        "pk_seat",
        "uq_seat_board_id_number",
    ]


def test_import_after_the_first_table_is_refused() -> None:
    run = _run(LATE)

    assert "storage.naming must be imported before the first table: board" in run.stderr
