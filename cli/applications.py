"""Commands of a nominee: consenting, applying, submitting."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.acting import nomination_act
from cli.failures import FailedError, run
from cli.forms import from_file, read_document
from cli.reach import at_desk, stored
from cli.showing import in_cell, say, show_json, show_table
from cli.steering import actor_on, on_nomination
from cli.terms import As, Json, NominationArgument, RoleOption, command
from cli.who import required
from models.enums import Role

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from acts import Acts
    from models.ids import NominationId
    from models.messages import By, NominationState

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = typer.Typer()


@command(app, "consent", example="consent pilot-0042 --as sam.okoro@example.nhs.test")
def consent(
    nomination: NominationArgument,
    agree: Annotated[bool, typer.Option("--agree/--decline", help="Whether the nominee agrees.")] = True,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Agree to be nominated, or decline."""
    on_nomination(
        nomination,
        who,
        role,
        "consent" if agree else "decline_nomination",
        lambda acts, one, by: acts.nominations.consent(one, by) if agree else acts.nominations.decline(one, by),
        as_json=as_json,
    )


@command(
    app,
    "apply",
    example="apply pilot-0042 --from application.toml --as sam.okoro@example.nhs.test",
)
def apply(
    nomination: NominationArgument,
    source: Annotated[Path | None, from_file("a text by field")] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", metavar="NAME=TEXT", help="One field; may be given several times.")
    ] = None,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Save fields of the application, complete or not, and say what is still missing; it is not submitted yet."""
    fields = _fields(source, field or [])
    run(_apply(nomination, fields, who, role, as_json=as_json))


async def _apply(
    nomination: str, fields: dict[str, str], who: str | None, role: Role | None, *, as_json: bool
) -> None:
    from sqlmodel import col, select

    from acts.desk import nomination_row
    from models.ids import NominationId
    from models.tables import ApplicationDraft
    from rules.applications import form, problems
    from storage.policies import policy_of

    async with at_desk() as acts:
        by = await actor_on(acts, nomination, who, role, "save_draft")
        saved_at = await acts.nominations.save_draft(NominationId(nomination), by, fields)
        async with acts.desk.sessions() as session:
            row = await nomination_row(session, nomination)
            policy = await policy_of(session, row.cohort_id)
            drafts = await session.exec(
                select(ApplicationDraft).where(col(ApplicationDraft.nomination_id) == nomination)
            )
            content = {draft.field: draft.content for draft in drafts}
    missing = problems(content, policy)
    if as_json:
        show_json(
            {
                "nomination": nomination,
                "saved_at": saved_at,
                "fields": {one.name: bool(content.get(one.name)) for one in form(policy)},
                "missing": [{"field": one.field, "sentence": one.sentence} for one in missing],
            }
        )
        return
    show_table(
        ["field", "what is asked", "words"],
        [(one.name, one.label, len(content.get(one.name, "").split()) or "") for one in form(policy)],
    )
    for one in missing:
        say(f"Still missing: {one.sentence}")
    if not missing:
        say(f"Complete. Send it with 'python starter.py submit {nomination}'.")


def _fields(source: Path | None, written: list[str]) -> dict[str, str]:
    fields = read_document(source) if source else {}
    content = {}
    for name, value in fields.items():
        if not isinstance(value, str):
            raise typer.BadParameter(f"'{name}' must be text in quotation marks.")
        content[name] = value
    for one in written:
        name, equals, value = one.partition("=")
        if not equals:
            raise typer.BadParameter("Write a field as NAME=TEXT, such as --field employed_in_region=yes.")
        content[name.strip()] = value
    return content


@command(app, "application", example="application pilot-0042 --as assessor@example.nhs.test")
def application(
    nomination: NominationArgument, who: As = None, role: RoleOption = None, as_json: Json = False
) -> None:
    """Show the application as submitted, with the endorsement, to who may read it."""
    run(_application(nomination, who, role, as_json=as_json))


async def _application(nomination: str, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from models.tables import Endorsement, Person
    from rules.applications import form
    from rules.permissions import Act, may_on
    from storage.lists import nomination_visible_to
    from storage.policies import policy_of
    from storage.stories import subject_for, submitted_application

    async with stored() as sessions, sessions() as session:
        asker = await required(session, who, role, "read_application")
        row = await nomination_visible_to(session, asker, nomination)
        if row is None:
            raise FailedError(f"There is no nomination '{nomination}' that you may see.")
        actor, subject = await subject_for(session, asker, row)
        verdict = may_on(actor, Act.READ_APPLICATION, subject)
        if not verdict:
            accept = " Accept it first." if actor.assessor and not subject.conflicted else ""
            raise FailedError(verdict.reason + accept)
        found = await submitted_application(session, nomination)
        if found is None:
            raise FailedError(f"The application of {nomination} has not been submitted yet.")
        policy = await policy_of(session, row.cohort_id)
        anonymous = policy.panel.anonymous and asker.role is Role.ASSESSOR
        # A panel that must not know whose application it reads gets the stored redacted form, and nothing else.
        content = (found.redacted or {}) if anonymous else found.content
        endorsement = None if anonymous else await session.get(Endorsement, nomination)
        endorser = await session.get(Person, endorsement.person_id) if endorsement else None
    # The form promises that the panel does not see it.
    fields = [one for one in form(policy) if not (one.name == "adjustments" and asker.role is Role.ASSESSOR)]
    if as_json:
        show_json(
            {
                "nomination": nomination,
                "version": found.version,
                "submitted_at": found.submitted_at,
                "fields": {one.name: content.get(one.name, "") for one in fields},
                "endorsement": {
                    "name": endorser.full_name if endorser else None,
                    "post": endorsement.post,
                    "organisation": endorsement.organisation_code,
                    "statement": endorsement.statement,
                }
                if endorsement
                else None,
            }
        )
        return
    say(f"{nomination}: submitted {in_cell(found.submitted_at)}.")
    for one in fields:
        say(f"\n{one.label}\n{content.get(one.name) or '(no answer)'}")
    if endorsement and endorser:
        post = f"{in_cell(endorsement.post)}, {endorsement.organisation_code}"
        say(f"\nEndorsed by {endorser.full_name} ({post})\n{endorsement.statement or '(no statement)'}")
    elif not anonymous:
        say("\nNot endorsed yet.")


@nomination_act(app, "submit", act="submit_application", example="submit pilot-0042 --as sam.okoro@example.nhs.test")
def submit(acts: "Acts", one: "NominationId", by: "By") -> "Awaitable[NominationState]":
    """Submit the application as it stands; refused, with every point, while it is not complete."""
    return acts.nominations.submit_application(one, by)
