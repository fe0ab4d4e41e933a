"""Commands on letters: which are owed or sent, sending again, checking the templates."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.failures import run, stop
from cli.reach import stored
from cli.showing import note, say, show_json, show_table
from cli.terms import AsOperations, CohortOption, Json, Reason, RoleOption, command, room
from cli.who import acting, required
from models.enums import MessageStatus, Role, SteerReason

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = room("Letters to people: which are owed, sent or failed.")


@command(app, "list", example="messages list --status failed --as operations@example.nhs.test")
def list_messages(
    nomination: Annotated[str | None, typer.Option("--nomination", help="Only those about this one.")] = None,
    status: Annotated[MessageStatus | None, typer.Option("--status", help="Only those that stand so.")] = None,
    cohort: CohortOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 50,
    after: Annotated[str, typer.Option("--after", metavar="MESSAGE", help="Begin after this one.")] = "",
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """List letters in the order of their ids, a page at a time."""
    run(_list(nomination, status, cohort, limit, after, who, role, as_json=as_json))


async def _list(
    nomination: str | None,
    status: MessageStatus | None,
    cohort: str | None,
    limit: int,
    after: str,
    who: str | None,
    role: Role | None,
    *,
    as_json: bool,
) -> None:
    from storage.lists import messages_visible_to

    async with stored() as sessions, sessions() as session:
        asker = await required(session, who, role, "read_nomination")
        found = await messages_visible_to(
            session, asker, cohort=cohort, nomination=nomination, status=status, after=after, limit=limit + 1
        )
    shown = found[:limit]
    following = shown[-1][0].id if len(found) > limit else None
    if as_json:
        rows = [
            {
                "id": one.id,
                "template": one.template,
                "to": one.person_id,
                "name": name,
                "nomination": one.nomination_id,
                "status": one.status,
                "attempts": one.attempts,
                "failure": one.failure,
                "queued_at": one.queued_at,
                "sent_at": one.sent_at,
            }
            for one, name in shown
        ]
        show_json({"messages": rows, "next_after": following})
    elif shown:
        show_table(
            ["message", "letter", "to", "status", "tries", "failure", "queued", "sent"],
            [
                (
                    one.id,
                    one.template,
                    name or one.person_id,
                    one.status,
                    one.attempts,
                    one.failure,
                    one.queued_at,
                    one.sent_at,
                )
                for one, name in shown
            ],
        )
        if following:
            note(f"Go on with --after {following}.")
    else:
        say("No letter fits.")


@command(app, "resend", example="messages resend nomination/pilot-0042:3:0 --reason technical_fault")
def resend(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Its id, as 'messages list' shows it.")],
    reason: Reason,
    who: AsOperations = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Let a letter that failed, or is uncertain, be sent again."""
    run(_resend(message, reason, who, role, as_json=as_json))


async def _resend(message: str, reason: SteerReason, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from acts.letters import resend_letter
    from rules.permissions import Act

    async with stored() as sessions, sessions.begin() as session:
        by = await acting(session, who, role, Act.UNBLOCK)
        row = await resend_letter(session, message, by, reason, datetime.now(UTC))
    if as_json:
        show_json({"id": row.id, "status": row.status})
    else:
        say(f"{row.id}: will be sent again within a minute.")


@command(app, "check-templates", example="messages check-templates")
def check() -> None:
    """Check that every letter's template can be used; every problem with its line."""
    from models.enums import Template
    from notify.render import check_templates

    problems = check_templates()
    if problems:
        stop("\n".join(str(problem) for problem in problems), 1)
    say(f"All {len(Template)} templates can be used.")
