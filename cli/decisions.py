"""Commands of the talent board: the proposed order, deciding, releasing, the reserve list."""

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.acting import nomination_act
from cli.failures import FailedError, run
from cli.forms import Field, Form, FormFile
from cli.reach import at_desk, stored
from cli.showing import note, say, show_json, show_table
from cli.steering import actor_on, on_cohort, tell_nomination, the_cohort
from cli.terms import As, CohortArgument, CohortOption, Json, RoleOption, command
from cli.who import acting, required
from models.enums import DecisionReason, Outcome, Role, Stage, Template

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from sqlmodel.ext.asyncio.session import AsyncSession

    from acts import Acts
    from models.ids import NominationId
    from models.messages import By, NominationState
    from storage.decisions import LetterToCome
    from storage.lists import Asker

# ruff: noqa: PLC0415, PLR0917 -- imported where needed, so that --help answers at once; options become parameters

app = typer.Typer()

NOTE = Form(
    "decide",
    (Field("note", "What the board wants to remember.", "--note", is_long=True),),
    before="NOMINATION --outcome OUTCOME --reason REASON ",
)


@command(app, "order", example="order pilot --as board@example.nhs.test")
def order(cohort: CohortArgument, who: As = None, role: RoleOption = None, as_json: Json = False) -> None:
    """Show the order the system proposes, with its uncertainty; the board decides."""
    run(_order(cohort, who, role, as_json=as_json))


async def _order(cohort: str, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from scoring.order import propose_order
    from storage.decisions import decisions_of, up_for_decision
    from storage.panels import panels_of
    from storage.policies import policy_of

    async with stored() as sessions, sessions() as session:
        asker = await required(session, who, role, "read_proposed_order")
        found = await the_cohort(session, cohort)
        await _stand_apart(session, asker, found.id)
        names = await up_for_decision(session, found.id)
        panels = await panels_of(session, sorted(names))
        placed = propose_order(panels, await policy_of(session, found.id))
        decided = await decisions_of(session, found.id)
    if as_json:
        show_json(
            [
                {
                    "place": one.place,
                    "nomination": one.nomination,
                    "mean": one.mean,
                    "low": one.low,
                    "high": one.high,
                    "suggestion": one.suggestion,
                    "too_close": one.too_close,
                    "why": one.why,
                    "decision": decided[one.nomination].outcome if one.nomination in decided else None,
                }
                for one in placed
            ]
        )
        return
    show_table(
        ["place", "nomination", "nominee", "mean", "from", "to", "suggestion", "too close", "decision", "why"],
        [
            (
                one.place,
                one.nomination,
                names[one.nomination],
                one.mean,
                one.low,
                one.high,
                one.suggestion,
                "too close" if one.too_close else "",
                decided[one.nomination].outcome if one.nomination in decided else None,
                one.why,
            )
            for one in placed
        ],
    )
    say("The system proposes; nobody is admitted or refused without a named person's decision.")


@command(
    app,
    "decide",
    example="decide pilot-0042 --from note.toml --outcome admitted --reason proposed_order "
    "--as board@example.nhs.test",
)
def decide(
    nomination: Annotated[
        str | None, typer.Argument(metavar="[NOMINATION]", help="Its number; without it, with --approve: all drafts.")
    ] = None,
    outcome: Annotated[Outcome | None, typer.Option("--outcome", help="What the board decides.")] = None,
    reason: Annotated[DecisionReason | None, typer.Option("--reason", help="Why, as one of these codes.")] = None,
    place: Annotated[int | None, typer.Option("--place", min=1, help="The place on the reserve list.")] = None,
    source: FormFile = None,
    blank: Annotated[bool, NOTE.on_paper()] = False,
    words: Annotated[str, typer.Option("--note", help="What the board wants to remember.")] = "",
    approve: Annotated[bool, typer.Option("--approve", help="Approve the draft, as another member.")] = False,
    cohort: CohortOption = None,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Draft the board's decision, or approve the draft; without a nomination, approve all drafts of a cohort.

    Write the note, if there is one, into a form: 'decide --form > note.toml'.
    """
    if (outcome is None) != (reason is None):
        raise typer.BadParameter("Give --outcome and --reason together.")
    if outcome is None and not approve:
        raise typer.BadParameter(
            "Give --outcome and --reason to draft a decision, or --approve to approve the draft."
        )
    if nomination is None:
        if outcome is not None:
            raise typer.BadParameter("Name the nomination that is decided.")
        run(_approve_all(cohort, who, role, as_json=as_json))
        return
    note_kept = NOTE.filled(source, {"note": words}).get("note", "")
    run(_decide(nomination, outcome, reason, place, note_kept, who, role, approve=approve, as_json=as_json))


async def _decide(
    nomination: str,
    outcome: Outcome | None,
    reason: DecisionReason | None,
    place: int | None,
    words: str,
    who: str | None,
    role: Role | None,
    *,
    approve: bool,
    as_json: bool,
) -> None:
    from models.ids import NominationId

    one = NominationId(nomination)
    async with at_desk() as acts:
        by = await actor_on(acts, nomination, who, role, "approve_decision" if approve else "draft_decision")
        if outcome is not None and reason is not None:
            await acts.board.draft_decision(one, by, outcome, reason, place=place, note=words)
        if approve:
            tell_nomination(await acts.board.approve_decision(one, by), as_json=as_json)
            return
    if as_json:
        show_json({"nomination": nomination, "outcome": outcome, "reason": reason, "approved": False})
    else:
        say(f"{nomination}: drafted. Another member approves it: 'python starter.py decide {nomination} --approve'.")


async def _approve_all(cohort: str | None, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from storage.decisions import drafts_of

    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            found = await the_cohort(session, cohort)
            by = await acting(session, who, role, "approve_decision")
            drafts = await drafts_of(session, found.id)
        refused = await _approve_each(acts, drafts, by.person, by.role)
    approved = [one for one in drafts if one not in refused]
    if as_json:
        show_json({"approved": approved, "refused": refused})
    else:
        say(f"{len(approved)} approved, {len(refused)} not.")
        for one, why in refused.items():
            note(f"{one}: {why}")
    if refused:
        raise typer.Exit(1)


async def _approve_each(acts: "Acts", drafts: list[str], person: str, role: Role) -> dict[str, str]:
    """Approve these drafts one after another; which were refused, and why."""
    from acts.errors import ActError
    from models.ids import NominationId, PersonId
    from models.messages import By

    refused = {}
    for nomination in drafts:
        try:
            await acts.board.approve_decision(NominationId(nomination), By(person=PersonId(person), role=role))
        except ActError as error:
            refused[nomination] = str(error)
    return refused


@nomination_act(app, "reopen", act="reopen_decision", example="reopen pilot-0042 --as board@example.nhs.test")
def reopen(acts: "Acts", one: "NominationId", by: "By") -> "Awaitable[NominationState]":
    """Take a decision back before it is released."""
    return acts.board.reopen_decision(one, by)


@command(app, "release", example="release pilot --preview --as board@example.nhs.test")
def release(
    cohort: CohortArgument,
    preview: Annotated[bool, typer.Option("--preview", help="Say who would get which letter; send nothing.")] = False,
    letter: Annotated[
        str | None,
        typer.Option("--letter", metavar="NOMINATION", help="With --preview: the words of this one's letters."),
    ] = None,
    who: As = None,
    role: RoleOption = None,
    as_json: Json = False,
) -> None:
    """Release all decisions of a cohort together, or show beforehand who gets which letter."""
    if letter and not preview:
        raise typer.BadParameter("Give --letter with --preview.")
    if preview:
        run(_preview(cohort, letter, who, role, as_json=as_json))
        return
    on_cohort(cohort, who, role, "release", lambda acts, one, by: acts.board.release(one, by), as_json=as_json)


async def _stand_apart(session: "AsyncSession", asker: "Asker", cohort: str) -> None:
    from storage.lists import is_nominated_in

    if await is_nominated_in(session, asker.person, cohort):
        raise FailedError(f"You are nominated in {cohort}, so you take no part in its decisions.")


async def _preview(cohort: str, letter: str | None, who: str | None, role: Role | None, *, as_json: bool) -> None:
    from storage.decisions import letters_on_release, undecided
    from workflows.letters import letters_of
    from workflows.nomination import RELEASES

    async with stored() as sessions, sessions() as session:
        asker = await required(session, who, role, "preview_release")
        found = await the_cohort(session, cohort)
        await _stand_apart(session, asker, found.id)
        waiting = await undecided(session, found.id)
        if waiting:
            shown = ", ".join(waiting[:10]) + (f" and {len(waiting) - 10} more" if len(waiting) > 10 else "")
            raise FailedError(f"{len(waiting)} nominations are not decided yet: {shown}. Decide them first.")
        letters = await letters_on_release(
            session,
            found.id,
            {
                outcome: tuple(notice.template for notice in letters_of(change, Stage.DECIDED, None))
                for outcome, change in RELEASES.items()
            },
        )
        texts = await _texts(session, [one for one in letters if one.nomination == letter]) if letter else []
    if letter and not texts:
        raise FailedError(f"No letter goes to {letter} when {found.id} is released.")
    counts = Counter(one.template for one in letters)
    if as_json:
        show_json(
            {
                "cohort": found.id,
                "letters": [
                    {"nomination": one.nomination, "template": one.template, "name": one.name, "email": one.email}
                    for one in letters
                ],
                "counts": dict(sorted(counts.items())),
                **({"texts": [{"template": one, "mail": text} for one, text in texts]} if letter else {}),
            }
        )
        return
    if not letters:
        say(f"No decision of {found.id} waits to be released.")
        return
    for template, text in texts:
        say(f"── {template} " + "─" * max(0, 74 - len(template)) + f"\n\n{text}\n")
    if not letter:
        show_table(
            ["nomination", "letter", "to", "address"],
            [(one.nomination, one.template, one.name, one.email) for one in letters],
        )
    for template, count in sorted(counts.items()):
        say(f"{count:6d}  {template}")
    say("Nothing has been sent. Release with 'python starter.py release " + found.id + "'.")


async def _texts(session: "AsyncSession", letters: "Sequence[LetterToCome]") -> "list[tuple[Template, str]]":
    """Each letter as it would go if decisions were released now, by the code that sends it."""
    from activities.nominations import feedback_of
    from acts.desk import nomination_row
    from models.tables import OutboxMessage
    from notify.compose import sender_from
    from notify.facts import FactsError
    from notify.post import written
    from notify.render import TemplateError
    from rules.calendar import after
    from rules.policies import nomination_terms
    from stack.settings import load_settings
    from storage.policies import policy_of

    sender, now = sender_from(load_settings().smtp_from), datetime.now(UTC)
    texts = []
    for number, one in enumerate(letters):
        row = await nomination_row(session, one.nomination)
        policy = await policy_of(session, row.cohort_id)
        facts = await feedback_of(session, row) if one.template is Template.FEEDBACK else {}
        if row.outcome is Outcome.RESERVED:
            until = after(now, nomination_terms(policy).reserve_for, policy.bank_holidays)
            facts["due_at"] = until.isoformat()
        # Never added to the session, so it is not owed to anybody.
        owed = OutboxMessage(
            id=f"preview:{one.nomination}:{number}",
            template=one.template,
            person_id=row.person_id,
            cohort_id=row.cohort_id,
            nomination_id=row.id,
            facts=facts,
            queued_at=now,
        )
        try:
            mail = await written(session, owed, sender)
        except (FactsError, TemplateError) as error:
            raise FailedError(f"{one.nomination}, {one.template}: {error}") from None
        texts.append((one.template, f"To: {mail['To']}\nSubject: {mail['Subject']}\n\n{mail.get_content().strip()}"))
    return texts


@nomination_act(app, "promote", act="promote", example="promote pilot-0042 --as board@example.nhs.test")
def promote(acts: "Acts", one: "NominationId", by: "By") -> "Awaitable[NominationState]":
    """Admit a nominee from the reserve list to a place that has been given up."""
    return acts.board.promote(one, by)
