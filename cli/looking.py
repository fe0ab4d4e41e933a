"""Commands that show nominations: the list, and one nomination's story."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import FailedError, run
from cli.reach import stored
from cli.showing import in_cell, note, say, show_json, show_table
from cli.terms import AsReader, CohortOption, Json, NominationArgument, RoleOption, command
from cli.who import asking
from models.enums import AssessmentStage, Role, Stage

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from models.tables import Nomination
    from storage.lists import Asker, Filters
    from storage.stories import Story

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = typer.Typer()


@command(app, "list", example="list --stage scoring --organisation R1D --overdue --as operations@example.nhs.test")
def list_nominations(
    stage: Annotated[Stage | None, typer.Option("--stage", help="Only those in this stage.")] = None,
    organisation: Annotated[
        str | None, typer.Option("--organisation", metavar="CODE", help="Only this one's.")
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past a deadline.")] = False,
    needs_attention: Annotated[
        bool, typer.Option("--needs-attention", help="Only those a person must mend.")
    ] = False,
    cohort: CohortOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 50,
    after: Annotated[str, typer.Option("--after", metavar="NOMINATION", help="Begin after this one.")] = "",
    who: AsReader = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """List nominations in the order of their numbers, a page at a time."""
    run(
        _list(
            stage, organisation, cohort, limit, after, who, role,
            overdue=overdue, needs_attention=needs_attention, as_json=as_json,
        )
    )  # fmt: skip


async def _list(
    stage: Stage | None,
    organisation: str | None,
    cohort: str | None,
    limit: int,
    after: str,
    who: str | None,
    role: Role | None,
    *,
    overdue: bool,
    needs_attention: bool,
    as_json: bool,
) -> None:
    from storage.lists import Filters, count_visible_to, nominations_visible_to

    now = datetime.now(UTC)
    narrowed = Filters(cohort, stage, organisation.upper() if organisation else None, overdue, needs_attention)
    async with stored() as sessions, sessions() as session:
        asker = await asking(session, who, role, "read_nomination")
        await _require_known(session, narrowed)
        # One more than shown says whether there is a next page.
        lines = await nominations_visible_to(session, asker, narrowed, now=now, after=after, limit=limit + 1)
        total = await count_visible_to(session, asker, narrowed, now=now)
    shown, following = lines[:limit], len(lines) > limit
    following_after = shown[-1].nomination.id if following else None
    if as_json:
        rows = [
            {**_row(one.nomination, now), "nominee": one.nominee} if asker else _for_anybody(one.nomination)
            for one in shown
        ]
        show_json({"nominations": rows, "total": total, "next_after": following_after})
        return
    if not shown:
        say("No nomination fits.")
        return
    if asker is None:
        show_table(
            list(_for_anybody(shown[0].nomination)), [list(_for_anybody(one.nomination).values()) for one in shown]
        )
    else:
        show_table(
            ["nomination", "nominee", "organisation", "stage", "since", "due", ""],
            [
                [
                    one.nomination.id,
                    one.nominee,
                    one.nomination.organisation_code,
                    one.nomination.stage,
                    one.nomination.stage_since,
                    one.nomination.due_at,
                    _mark(one.nomination, now),
                ]
                for one in shown
            ],
        )
    note(f"{len(shown)} of {total}." + (f" Go on with --after {following_after}." if following_after else ""))


async def _require_known(session: "AsyncSession", narrowed: "Filters") -> None:
    """Make sure that a cohort or organisation somebody named is there: nothing fits a misspelt one.

    Raises:
        NotKnownError: There is no such cohort.
        FailedError: There is no such organisation.
    """
    from acts.desk import cohort_row
    from models.tables import Organisation

    if narrowed.cohort is not None:
        await cohort_row(session, narrowed.cohort)
    if narrowed.organisation is not None and await session.get(Organisation, narrowed.organisation) is None:
        raise FailedError(f"There is no organisation '{narrowed.organisation}'. Give its ODS code, such as R1D.")


def _row(one: "Nomination", now: datetime) -> dict[str, object]:
    return {
        "nomination": one.id,
        "cohort": one.cohort_id,
        "reference": one.reference,
        "organisation": one.organisation_code,
        "route": one.route,
        "stage": one.stage,
        "stage_since": one.stage_since,
        "due_at": one.due_at,
        "past_due": one.due_at is not None and one.due_at < now,
        "paused": one.paused,
        "needs_attention": one.attention_code is not None,
    }


def _for_anybody(one: "Nomination") -> dict[str, object]:
    """What somebody who does not say who they are is shown."""
    return {
        "nomination": one.id,
        "organisation": one.organisation_code,
        "stage": one.stage,
        "due_at": one.due_at,
    }


def _mark(one: "Nomination", now: datetime) -> str:
    if one.attention_code is not None:
        return "needs attention"
    if one.paused:
        return "paused"
    return "past due" if one.due_at is not None and one.due_at < now else ""


@command(app, "status", example="status pilot-0042 --as operations@example.nhs.test")
def status(
    nomination: NominationArgument,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="With the evidence for each score, for who may see scores.")
    ] = False,
    who: AsReader = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Tell a nomination's story: where it stands, what it waits for, who can move it, and what happened."""
    run(_status(nomination, who, role, evidence=evidence, as_json=as_json))


async def _status(nomination: str, who: str | None, role: Role | None, *, evidence: bool, as_json: bool) -> None:
    async with stored() as sessions, sessions() as session:
        asker = await asking(session, who, role, "read_nomination")
        story = await _story(session, asker, nomination)
    now = datetime.now(UTC)
    if asker is None:
        _tell_anybody(story.nomination, as_json=as_json)
    elif as_json:
        show_json(_as_document(story, now, evidence=evidence))
    else:
        _tell(story, now, evidence=evidence)


def _tell_anybody(one: "Nomination", *, as_json: bool) -> None:
    if as_json:
        show_json(_for_anybody(one))
        return
    until = f", until {in_cell(one.due_at)}" if one.due_at else ""
    say(f"{one.id} ({one.organisation_code}): {in_cell(one.stage)}{until}")
    note("Say who asks with --as, to see what it waits for, and what happened as far as you may know it.")


async def _story(session: "AsyncSession", asker: "Asker | None", nomination: str) -> "Story":
    from storage.stories import story_visible_to

    story = await story_visible_to(session, asker, nomination)
    if story is None:
        raise FailedError(
            f"There is no nomination '{nomination}' that you may see. Its number looks like pilot-0042."
        )
    return story


def _waiting(story: "Story") -> tuple[str, str]:
    """What the nomination waits for, and who can move it on."""
    from cli.waiting import MOVED_BY
    from rules.stages import WORDS

    row = story.nomination
    if row.attention_code is not None:
        since = f" since {in_cell(row.attention_since)}" if row.attention_since else ""
        step = f"needs attention{since}: {row.attention_step or 'a step'} failed ({row.attention_code})"
        to = f"; handed to {row.handed_to}" if row.handed_to else ""
        return step + to, f"operations: 'python starter.py unblock {row.id} --way retry --reason …'"
    if row.paused:
        return f"paused while {WORDS[row.stage]}", f"operations: 'python starter.py resume {row.id}'"
    return WORDS[row.stage], MOVED_BY[row.stage]


def _as_document(story: "Story", now: datetime, *, evidence: bool) -> dict[str, object]:
    waits_for, moved_by = _waiting(story)
    return {
        **_row(story.nomination, now),
        **({"nominee": story.nominee} if story.nominee else {}),
        "waits_for": waits_for,
        "moved_by": moved_by,
        "outcome": story.outcome,
        "attention": {
            "code": story.nomination.attention_code,
            "step": story.nomination.attention_step,
            "since": story.nomination.attention_since,
            "handed_to": story.nomination.handed_to,
        }
        if story.nomination.attention_code
        else None,
        "panel": [
            {
                "assessment": seat.assessment,
                "role": seat.role,
                "name": seat.name or None,
                "stage": seat.stage,
                "due_at": seat.due_at,
                "mean": seat.mean,
                "scores": [
                    {
                        "criterion": one.criterion,
                        "value": one.value,
                        **({"evidence": one.evidence} if evidence else {}),
                    }
                    for one in seat.scores
                ],
            }
            for seat in story.panel
        ]
        if story.panel is not None
        else None,
        "findings": [{"rule": one.rule, "reason": one.reason} for one in story.findings],
        "messages": [
            {
                "id": one.id,
                "template": one.template,
                "to": one.person_id,
                "status": one.status,
                "queued_at": one.queued_at,
                "sent_at": one.sent_at,
            }
            for one in story.messages
        ],
        "events": [
            {
                "at": one.at,
                "actor": one.actor,
                "role": one.role,
                "what": one.what,
                "subject": one.subject,
                "stage": (one.after or {}).get("stage"),
                "reason": one.reason,
            }
            for one in story.events
        ],
    }


def _tell(story: "Story", now: datetime, *, evidence: bool) -> None:
    row = story.nomination
    who = f", {story.nominee}" if story.nominee else ""
    say(f"{row.id}{who} ({row.organisation_code}, {in_cell(row.route)}): {in_cell(row.stage)}")
    waits_for, moved_by = _waiting(story)
    say(f"  stands     since {in_cell(row.stage_since)}")
    say(f"  is         {waits_for}")
    if row.due_at:
        say(f"  until      {in_cell(row.due_at)}{' (past)' if row.due_at < now else ''}")
    say(f"  moved by   {moved_by}")
    if story.outcome:
        say(f"  outcome    {in_cell(story.outcome)}")
    if story.panel:
        scored = any(seat.mean is not None for seat in story.panel)
        show_table(
            ["assessment", *(["assessor"] if story.nominee else []), "post", "stage", "due", *(["mean"] * scored)],
            [
                [
                    seat.assessment,
                    *([seat.name] if story.nominee else []),
                    seat.role,
                    seat.stage,
                    seat.due_at if seat.stage is not AssessmentStage.SUBMITTED else None,
                    *([seat.mean] * scored),
                ]
                for seat in story.panel
            ],
            title="Panel",
        )
    _tell_scores(story, evidence=evidence)
    if story.findings:
        show_table(
            ["rule not met", "why"], [(_in_words(one.rule), one.reason) for one in story.findings], title="Screening"
        )
    if story.events:
        show_table(
            ["when", "who", "as", "what", "now", "why"],
            [
                (one.at, one.actor, one.role, _what(one.what, one.subject, row.id),
                 _in_words((one.after or {}).get("stage")), _in_words(one.reason))
                for one in story.events
            ],
            title="What happened",
        )  # fmt: skip
    if story.messages:
        show_table(
            ["letter", "to", "status", "sent"],
            [(one.template, one.person_id, one.status, one.sent_at) for one in story.messages],
            title="Letters",
        )


def _tell_scores(story: "Story", *, evidence: bool) -> None:
    given = [(seat, one) for seat in story.panel or () for one in seat.scores]
    if given:
        show_table(
            ["assessment", "criterion", "score", *(["evidence"] * evidence)],
            [
                (seat.assessment, _in_words(one.criterion), one.value, *([one.evidence] * evidence))
                for seat, one in given
            ],
            title="Scores",
        )


def _in_words(code: object) -> str:
    """A code as people write it."""
    return "" if code is None else str(code).replace("_", " ")


def _what(what: str, subject: str, nomination: str) -> str:
    what = _in_words(what)
    return f"{what} ({subject.removeprefix(nomination + '.')})" if subject.startswith(f"{nomination}.") else what
