"""A nominee asks for more time; operations give it, or say why not.

The request is an event of the audit trail under the nomination: operations see it in their lists and in its timeline,
and it changes nothing by itself. Extending, or letting a lapsed nomination back in, stays their own act; saying no is
an event too, with a letter.
"""

from datetime import datetime

from acts.desk import Desk, nomination_row, require, subject_of
from acts.errors import RefusedError
from models.enums import ExtensionRefusal, Stage, SteerReason, Template
from models.ids import NominationId
from models.messages import By
from models.policy import LONDON, Policy
from models.tables import Nomination, OutboxMessage
from rules.calendar import END_OF_DAY, in_words
from rules.permissions import Act
from rules.stages import WITH_DEADLINE, WORDS
from storage import audit
from storage.policies import policy_of
from storage.watching_pages import ASKED_FOR_TIME, REFUSED_TIME, open_wish

ASKED, REFUSED = ASKED_FOR_TIME, REFUSED_TIME
"""What the audit trail calls it, and its refusal."""
REASONS = (
    SteerReason.ILLNESS,
    SteerReason.LEAVE,
    SteerReason.WORKLOAD,
    SteerReason.TECHNICAL_FAULT,
    SteerReason.REASONABLE_ADJUSTMENT,
    SteerReason.ORGANISATION_DELAY,
    SteerReason.OTHER,
)
"""Why a nominee may ask: the reasons for which operations extend, without the board's own."""


def latest(policy: Policy) -> datetime:
    """The latest moment until which time can be asked for: the end, in London, of the last day of assessments."""
    return datetime.combine(policy.panel.assessed_until, END_OF_DAY, LONDON)


class ExtensionActs:
    """Asks of a nominee to operations."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, nomination: NominationId, by: By, reason: SteerReason, until: datetime) -> None:
        """Asks for time until a moment, for a coded reason.

        Raises:
            RefusedError: The stage has no deadline of the nominee's, the reason is the board's, or the moment is
                not later than the deadline, or later than assessments end.
        """
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination, lock=True)
            # Who may send the application may ask for longer to send it.
            await require(session, by, Act.SUBMIT_APPLICATION, subject_of(row))
            lapsed = row.stage is Stage.LAPSED and row.outcome is None
            if row.stage not in WITH_DEADLINE and not lapsed:
                raise RefusedError(f"There is no deadline to move: the nomination is {WORDS[row.stage]}.")
            if reason not in REASONS:
                raise RefusedError("Choose one of the reasons on the page.")
            if until <= now:
                raise RefusedError("Enter a date in the future.")
            if row.due_at is not None and not lapsed and until <= row.due_at:
                raise RefusedError(f"Enter a date after the deadline you have, {in_words(row.due_at)}.")
            last = latest(await policy_of(session, row.cohort_id))
            if until > last:
                raise RefusedError(f"Enter a date not later than {in_words(last)}: assessments end then.")
            await audit.append(
                session,
                at=now,
                actor=by.person,
                role=by.role,
                what=ASKED,
                subject=nomination,
                after={"until": until.isoformat()},
                reason=reason,
            )

    async def refuse(self, nomination: NominationId, by: By, reason: ExtensionRefusal) -> None:
        """Says no to what the nominee asked for; they get a letter with the reason, and everything stays as it is.

        Who may give the time may also refuse it.

        Raises:
            NotKnownError: There is no such nomination.
            RefusedError: Nobody waits for an answer, the nomination is paused, or the reason does not fit where it
                stands.
        """
        now = self._desk.clock()
        async with self._desk.transaction() as session:
            row = await nomination_row(session, nomination, lock=True)
            await require(session, by, Act.EXTEND, subject_of(row))
            wish = await open_wish(session, row)
            if wish is None:
                raise RefusedError("Nobody waits for an answer: the nominee has not asked, or has been answered.")
            if row.paused:
                raise RefusedError(
                    "The nomination is paused: resume it first, so that the letter can name a deadline."
                )
            if reason not in refusals(row):
                raise RefusedError("Choose one of the reasons on the page.")
            session.add(_letter(row, reason, wish.position, now))
            await audit.append(
                session,
                at=now,
                actor=by.person,
                role=by.role,
                what=REFUSED,
                subject=nomination,
                after={"asked_until": str((wish.after or {}).get("until", ""))},
                reason=reason,
            )


def refusals(row: Nomination) -> tuple[ExtensionRefusal, ...]:
    """The reasons that fit where a nomination stands: a lapsed one has no time left, and would be let back in."""
    never = ExtensionRefusal.TIME_IS_LEFT if row.stage is Stage.LAPSED else ExtensionRefusal.ROUND_GONE_TOO_FAR
    return tuple(reason for reason in ExtensionRefusal if reason is not never)


def _letter(row: Nomination, reason: ExtensionRefusal, wish: int, now: datetime) -> OutboxMessage:
    """The letter that says no; one for each wish, by its place in the audit trail."""
    due = {"due_at": row.due_at.isoformat()} if row.due_at is not None and row.stage in WITH_DEADLINE else {}
    return OutboxMessage(
        id=f"more-time/{row.id}:{wish}",
        template=Template.MORE_TIME_REFUSED,
        person_id=row.person_id,
        cohort_id=row.cohort_id,
        nomination_id=row.id,
        facts={"refusal": reason.value, **due},
        queued_at=now,
    )
