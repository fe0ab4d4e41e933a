"""Whole flows by the command line: what people do, what they see, and what they must not see."""

from sqlalchemy import text
from sqlmodel import col, select

from models.enums import AssessmentStage, Outcome, Stage
from models.ids import AssessmentId
from models.tables import Assessor, Decision, Nomination, OutboxMessage, ScoreChange, ScreeningFinding
from notify.compose import sender_from
from notify.post import written
from stack.settings import load_settings
from tests.cli.conftest import Answer, Starter
from tests.workflows.rig import EVIDENCE, CohortRig, eventually

NAME, EMAIL = "Wilhelmina Applegarth", "wilhelmina.applegarth@example.nhs.test"


async def execute(cohort: CohortRig, statement: str, **parameters: object) -> None:
    async with cohort.rig.engine.begin() as connection:
        await connection.execute(text(statement), parameters)


async def test_nomination_travels_to_submission(starter: Starter, cohort: CohortRig) -> None:
    email = f"{cohort.id}.{EMAIL}"
    made = await starter(
        "nominate", "--organisation", "r1d", "--name", NAME, "--email", email, "--readiness", "ready_now",
        "--endorser-name", "Ann Lee", "--endorser-email", "ann.lee@example.nhs.test", "--endorser-post",
        "chief_executive", "--endorsement", "I support this.", "--cohort", cohort.id,
        "--as", cohort.rig.nominator.person, "--json",
    )  # fmt: skip
    nomination = made.document["nomination"]

    async def steps() -> int:
        return (await cohort.rig.get(Nomination, nomination)).steps

    await eventually(steps)
    consented = await starter("consent", nomination, "--as", email, "--json")
    too_soon = await starter("submit", nomination, "--as", email)
    questions = ("employed_in_region", "reports_to_board", "next_step_executive")
    fields = [f"{one}=yes" for one in questions] + ["readiness=ready_now", "development_needs=Finance."]
    fields += [f"{criterion.code}={EVIDENCE}" for criterion in cohort.policy.scoring.criteria]
    saved = await starter(
        "apply", nomination, *(word for one in fields for word in ("--field", one)), "--as", email, "--json"
    )
    submitted = await starter("submit", nomination, "--as", email, "--json")

    assert made.status == 0
    assert consented.document["stage"] == "applying"
    assert too_soon.status == 1
    assert len(too_soon.complained.splitlines()) > 3
    assert saved.document["missing"] == []
    assert submitted.document["stage"] in {"screening", "awaiting_panel"}


async def test_names_are_shown_to_those_who_may_see_them(starter: Starter, cohort: CohortRig) -> None:
    case = await cohort.nominate(full_name=NAME)
    other = await cohort.nominate()
    own = (await starter("status", case.id, "--as", case.nominee.person, "--json")).document

    nobody = await starter("status", case.id)
    listed = await starter("list", "--cohort", cohort.id)
    operations = await starter("status", case.id, "--as", cohort.rig.operations.person)
    stranger = await starter("status", case.id, "--as", other.nominee.person)

    assert own["nominee"] == NAME
    assert own["panel"] is None
    assert {one["actor"] for one in own["events"]} == {""}
    assert case.id in nobody.said
    assert NAME not in nobody.said + listed.said
    assert NAME in operations.said
    assert (stranger.status, stranger.said) == (1, "")


async def test_nobody_named_sees_where_a_nomination_stands_and_nothing_more(
    starter: Starter, cohort: CohortRig
) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    open_to_all = {"nomination", "organisation", "stage", "due_at"}

    story = await starter("status", case.id, "--json")
    told = await starter("status", case.id)
    listed = await starter("list", "--cohort", cohort.id, "--json")
    runs = [await starter("run", *one, "--cohort", cohort.id) for one in (["list"], ["show", "1"])]

    assert story.document.keys() == listed.document["nominations"][0].keys() == open_to_all
    assert ("Panel" in told.said, "What happened" in told.said, "Letters" in told.said) == (False, False, False)
    assert [(one.status, one.said) for one in runs] == [(2, ""), (2, "")]
    assert all("--as" in one.complained for one in runs)


async def test_nominator_lists_own_organisations_nominations_only(starter: Starter, cohort: CohortRig) -> None:
    case = await cohort.nominate()
    stranger = (await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id)))[0].person_id
    await execute(cohort, "INSERT INTO rolegrant VALUES (:person, 'nominator', 'RX1', now())", person=stranger)

    mine = await starter("list", "--cohort", cohort.id, "--as", cohort.rig.nominator.person, "--role", "nominator",
                         "--json")  # fmt: skip
    theirs = await starter("list", "--cohort", cohort.id, "--as", stranger, "--role", "nominator", "--json")

    assert [one["nomination"] for one in mine.document["nominations"]] == [case.id]
    assert (theirs.document["nominations"], theirs.document["total"]) == ([], 0)


async def test_list_goes_on_where_a_page_ended(starter: Starter, cohort: CohortRig) -> None:
    made = [(await cohort.nominate()).id for _ in range(5)]
    seen, after = [], ""

    while after is not None:
        page = (await starter("list", "--cohort", cohort.id, "--limit", "2", "--after", after, "--json")).document
        seen += [one["nomination"] for one in page["nominations"]]
        after = page["next_after"]

    assert page["total"] == 5
    assert seen == made


async def test_filters_narrow_the_list_and_the_cohort_counts_the_same(starter: Starter, cohort: CohortRig) -> None:
    late, stuck, consented = [await cohort.nominate() for _ in range(3)]
    await consented.consent()
    await execute(cohort, "UPDATE nomination SET due_at = now() - interval '1 day' WHERE id = :id", id=late.id)
    await execute(
        cohort,
        "UPDATE nomination SET attention_code = 'mail', attention_step = 'screening' WHERE id = :id",
        id=stuck.id,
    )

    async def listed(*filters: str) -> list[str]:
        page = await starter("list", "--cohort", cohort.id, "--json", *filters)
        return [one["nomination"] for one in page.document["nominations"]]

    standing = (await starter("cohort", "status", cohort.id, "--json")).document
    story = await starter("status", stuck.id, "--as", cohort.rig.operations.person)

    assert await listed("--overdue") == [late.id]
    assert await listed("--needs-attention") == [stuck.id]
    assert await listed("--stage", "applying") == [consented.id]
    assert await listed("--organisation", "RX1") == []
    assert (standing["overdue"], standing["needs_attention"], standing["stages"]["applying"]) == (1, 1, 1)
    assert "unblock" in story.said


async def test_assessor_accepts_scores_and_submits(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate(full_name=NAME)).reach(Stage.SCORING)
    first, second, _ = await case.offered()
    person, other = (await case.assessor(first)).person, (await case.assessor(second)).person
    criteria = [criterion.code for criterion in cohort.policy.scoring.criteria]
    scores = [word for one in criteria for word in ("--score", f"{one}=5", "--evidence", f"{one}={EVIDENCE}")]

    not_theirs = await starter("assess", "accept", first, "--as", other)
    accepted = await starter("assess", "accept", first, "--as", person, "--json")
    incomplete = await starter("assess", "submit", first, "--as", person)
    saved = await starter("assess", "score", first, *scores, "--as", person, "--json")
    submitted = await starter("assess", "submit", first, "--as", person, "--json")
    declined = await starter("assess", "decline", second, "--reason", "conflict", "--conflict", "mentoring",
                             "--as", other, "--json")  # fmt: skip
    own = await starter("status", case.id, "--as", person, "--json")
    board = await starter("status", case.id, "--as", cohort.rig.chair.person, "--json")
    operations = await starter("status", case.id, "--as", cohort.rig.operations.person, "--json")

    assert [not_theirs.status, accepted.status, incomplete.status] == [1, 0, 1]
    assert saved.document["saved"] == sorted(criteria)
    assert submitted.document["stage"] == AssessmentStage.SUBMITTED
    assert declined.document["stage"] == AssessmentStage.DECLINED
    assert [seat["assessment"] for seat in own.document["panel"]] == [first]
    means = {seat["assessment"]: seat["mean"] for seat in board.document["panel"]}
    assert (means[first], means[second]) == (5.0, None)
    assert {seat["mean"] for seat in operations.document["panel"]} == {None}


async def test_scores_and_evidence_are_shown_once_submitted(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first, second, _ = await case.offered()
    criterion = cohort.policy.scoring.criteria[0].code
    own, moderator = (await case.assessor(first)).person, cohort.rig.moderator.person
    words = ("--score", f"{criterion}=6", "--evidence", f"{criterion}={EVIDENCE}")
    await case.score(second, 5)
    await starter("assess", "accept", first, "--as", own)
    await starter("assess", "score", first, *words, "--as", own)

    async def scores(who: str, *more: str) -> dict[str, list[dict[str, object]]]:
        panel = (await starter("status", case.id, "--as", who, "--json", *more)).document["panel"]
        return {seat["assessment"]: seat["scores"] for seat in panel}

    plain, full = await scores(moderator), await scores(moderator, "--evidence")
    operations = await scores(cohort.rig.operations.person, "--evidence")

    assert plain[first] == full[first] == []
    assert {one["value"] for one in plain[second]} == {5}
    assert all("evidence" not in one for one in plain[second])
    assert all(one["evidence"] for one in full[second])
    assert [given for given in operations.values() if given] == []
    assert await scores(own, "--evidence") == {first: []}


async def test_application_is_read_by_those_who_assess_it_and_without_adjustments(
    starter: Starter, cohort: CohortRig
) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    first, *_ = await case.offered()
    assessor, rig = (await case.assessor(first)).person, cohort.rig

    async def read(who: str) -> Answer:
        return await starter("application", case.id, "--as", who, "--json")

    too_soon = await read(assessor)
    await starter("assess", "accept", first, "--as", assessor)
    own, board, nominee = await read(assessor), await read(rig.chair.person), await read(case.nominee.person)
    told = await starter("application", case.id, "--as", assessor)
    refused = [await read(rig.operations.person), await starter("application", case.id)]

    criteria = {criterion.code for criterion in cohort.policy.scoring.criteria}
    assert (too_soon.status, "Accept it first" in too_soon.complained) == (1, True)
    assert criteria <= own.document["fields"].keys()
    assert "adjustments" not in own.document["fields"]
    assert "adjustments" in board.document["fields"].keys() & nominee.document["fields"].keys()
    assert own.document["endorsement"]["post"]
    assert "adjustments" not in told.said
    assert own.document["fields"][min(criteria)] in told.said
    assert [one.status for one in refused] == [1, 2]


async def test_list_of_what_is_not_there_says_so(starter: Starter, cohort: CohortRig) -> None:
    no_cohort = await starter("list", "--cohort", "nosuch")
    no_organisation = await starter("list", "--cohort", cohort.id, "--organisation", "ZZZ")

    assert (no_cohort.status, "no cohort 'nosuch'" in no_cohort.complained) == (1, True)
    assert (no_organisation.status, "no organisation 'ZZZ'" in no_organisation.complained) == (1, True)


async def test_who_must_screen_sees_why(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCREENING)
    findings = await cohort.rig.all(
        select(ScreeningFinding).where(
            col(ScreeningFinding.nomination_id) == case.id, col(ScreeningFinding.met).is_(False)
        )
    )
    moderator = cohort.rig.moderator.person

    story = await starter("status", case.id, "--as", moderator)
    own = await starter("status", case.id, "--as", case.nominee.person, "--json")
    waiting = await starter("flags", "--cohort", cohort.id, "--as", moderator, "--json")
    standing = await starter("cohort", "status", cohort.id)

    assert findings
    assert [one.reason for one in findings if one.reason not in story.said] == []
    assert own.document["findings"] == []
    assert {(one["nomination_id"], one["reason"]) for one in waiting.document} == {
        (case.id, one.reason) for one in findings
    }
    assert "1 waits for a moderator to screen them" in standing.said


async def test_moderator_settles_a_flag_with_a_changed_score(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    moderator = cohort.rig.moderator.person
    [lowest, *_] = [one.id for one in await case.panel(AssessmentStage.SUBMITTED)]
    criterion = cohort.policy.scoring.criteria[0].code

    flags = (await starter("flags", "--cohort", cohort.id, "--as", moderator, "--json")).document
    for_operations = await starter("flags", "--cohort", cohort.id, "--as", cohort.rig.operations.person)
    for_assessor = await starter("flags", "--as", (await case.assessor(AssessmentId(lowest))).person)
    numbers = [word for flag in flags for word in ("--flag", str(flag["number"]))]
    settled = await starter(
        "moderate", case.id, *numbers, "--resolution", "moderate", "--change", f"{lowest}:{criterion}=4:moderation",
        "--as", moderator, "--json",
    )  # fmt: skip

    assert {flag["nomination_id"] for flag in flags} == {case.id}
    assert [for_operations.status, for_assessor.status] == [1, 1]
    assert for_assessor.said == ""
    assert settled.status == 0
    assert settled.document["waits_for"] == "all flags are settled; it goes on to the board"
    await case.until(Stage.AWAITING_DECISION)
    [change] = await cohort.rig.all(select(ScoreChange).where(col(ScoreChange.assessment_id) == lowest))
    assert (change.criterion, change.after, change.changed_by) == (criterion, 4, moderator)
    assert change.applied_at is not None


async def test_board_orders_decides_and_previews_the_release(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate(full_name=NAME, email=f"{cohort.id}.{EMAIL}")).reach(Stage.AWAITING_DECISION)
    member, chair = cohort.rig.member.person, cohort.rig.chair.person
    preview = ("release", cohort.id, "--preview", "--as", chair, "--json")

    order = await starter("order", cohort.id, "--as", member, "--json")
    kept_from_operations = await starter("order", cohort.id, "--as", cohort.rig.operations.person)
    early = await starter(*preview)
    drafted = await starter(
        "decide", case.id, "--outcome", "admitted", "--reason", "proposed_order", "--as", member, "--json"
    )
    alone = await starter("decide", case.id, "--approve", "--as", member)
    approved = await starter("decide", "--approve", "--cohort", cohort.id, "--as", chair, "--json")
    sent_before = await letters(cohort, case.id)
    shown = await starter(*preview)

    assert [(one["place"], one["nomination"]) for one in order.document] == [(1, case.id)]
    assert kept_from_operations.status == 1
    assert (early.status, case.id in early.complained) == (1, True)
    assert drafted.document["approved"] is False
    assert (alone.status, "another member" in alone.complained) == (1, True)
    assert approved.document == {"approved": [case.id], "refused": {}}
    assert (await cohort.rig.get(Decision, case.id)).outcome is Outcome.ADMITTED
    assert shown.document["counts"] == {"admitted": 1, "feedback": 1}
    assert {one["email"] for one in shown.document["letters"]} == {f"{cohort.id}.{EMAIL}"}
    assert await letters(cohort, case.id) == sent_before


async def test_decision_is_the_boards_alone_until_the_release(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.AWAITING_DECISION)
    rig = cohort.rig
    one, *_ = await case.panel(AssessmentStage.SUBMITTED)
    kept_from = (rig.operations.person, case.nominee.person, (await case.assessor(AssessmentId(one.id))).person)
    member = rig.member.person

    async def stories(*people: str) -> list[str]:
        return [(await starter("status", case.id, "--as", who, "--json")).said for who in people]

    await starter("decide", case.id, "--outcome", "not_admitted", "--reason", "below_standard", "--as", member)
    drafted = await stories(*kept_from)
    drafted_for_board = await stories(rig.chair.person, rig.moderator.person)
    await starter("decide", case.id, "--approve", "--as", rig.chair.person)
    decided = await stories(*kept_from)
    [decided_for_board] = await stories(rig.chair.person)
    await case.release()
    await case.until(Stage.NOT_ADMITTED)
    released = await stories(*kept_from)

    words = ("below_standard", "not_admitted", "decision drafted", member)
    assert [word for story in drafted + decided for word in words if word in story] == []
    assert all("below_standard" in story for story in drafted_for_board)
    assert all('"stage": "decided"' in story for story in decided)
    assert '"outcome": "not_admitted"' in decided_for_board
    assert all('"outcome": "not_admitted"' in story for story in released)


async def letters(cohort: CohortRig, nomination: str) -> list[str]:
    found = await cohort.rig.all(select(OutboxMessage).where(col(OutboxMessage.nomination_id) == nomination))
    return sorted(one.id for one in found)


async def test_release_sends_the_letters_that_the_preview_showed(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.AWAITING_DECISION)
    await case.decide(Outcome.RESERVED)
    before = set(await letters(cohort, case.id))
    shown = await starter("release", cohort.id, "--preview", "--as", cohort.rig.chair.person, "--json")

    await case.release()
    await case.until(Stage.RESERVED)

    rows = await cohort.rig.all(select(OutboxMessage).where(col(OutboxMessage.nomination_id) == case.id))
    came = sorted(one.template.value for one in rows if one.id not in before)
    assert came == sorted(one["template"] for one in shown.document["letters"])


async def test_preview_shows_the_very_words_that_go(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate(full_name=NAME)).reach(Stage.AWAITING_DECISION)
    await case.decide(Outcome.RESERVED)
    chair = cohort.rig.chair.person
    preview = ("release", cohort.id, "--preview", "--as", chair, "--letter")
    before = await letters(cohort, case.id)
    shown = await starter(*preview, case.id, "--json")
    told = await starter(*preview, case.id)
    nobody = await starter(*preview, "nowhere-0001")
    kept = await letters(cohort, case.id)

    await case.release()
    await case.until(Stage.RESERVED)
    sender = sender_from(load_settings().smtp_from)
    went = {}
    async with cohort.rig.sessions() as session:
        for one in (
            await session.exec(select(OutboxMessage).where(col(OutboxMessage.nomination_id) == case.id))
        ).all():
            if one.id not in before:
                went[one.template.value] = (await written(session, one, sender)).get_content().strip()

    texts = {one["template"]: one["mail"] for one in shown.document["texts"]}
    assert set(texts) == {"reserved", "feedback"}
    assert {name: text.split("\n\n", 1)[1] for name, text in texts.items()} == went
    assert all(text.startswith(f"To: {NAME} <") for text in texts.values())
    assert all(text in told.said for text in texts.values())
    assert kept == before
    assert (nobody.status, "No letter goes to nowhere-0001" in nobody.complained) == (1, True)


async def test_runs_are_listed_shown_and_compared(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    options = ("--cohort", cohort.id, "--as", cohort.rig.operations.person, "--json")

    runs = (await starter("run", "list", *options)).document
    shown = (await starter("run", "show", str(runs[0]["run"]), *options)).document
    same = (await starter("run", "compare", str(runs[0]["run"]), str(runs[0]["run"]), *options)).document
    said = await starter("run", "compare", str(runs[0]["run"]), str(runs[0]["run"]), *options[:-1])
    missing = await starter("run", "show", "99", *options)
    board = await starter("run", "list", "--cohort", cohort.id, "--as", cohort.rig.chair.person)

    assert {one["nomination"] for one in shown["seats"]} == {case.id}
    assert len(shown["seats"]) == 3
    assert all(one["reasons"] for one in shown["seats"])
    assert sum(shown["loads"].values()) == 3
    claim = shown["certificate"]
    assert (same["panels"], same["total_change"], same["floor_change"]) == ([], 0, 0)
    assert (same["floor_after"], same["total_after"]) == (claim["floor"], claim["total"])
    assert (same["panels_after"], same["seats_after"], same["unstaffed_after"]) == (1, 3, 0)
    assert "Worth of all panels, in points" in said.said
    assert [missing.status, board.status] == [1, 1]


async def test_held_panels_are_verified(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.SCORING)
    sound = await starter("verify", "allocation", "--cohort", cohort.id, "--json")
    [one, *_] = await case.offered()
    await execute(
        cohort,
        "INSERT INTO declaredconflict VALUES (:nomination, :assessor, 'family', 'p-0', now())",
        nomination=case.id,
        assessor=one.split(".")[1],
    )

    broken = await starter("verify", "allocation", "--cohort", cohort.id, "--json")

    assert (sound.status, sound.document["seats"]) == (0, 3)
    assert broken.status == 1
    assert [found["rule"] for found in broken.document["violations"]] == ["declared"]


async def test_audit_chain_is_verified_and_a_forged_anchor_found(starter: Starter, cohort: CohortRig) -> None:
    await cohort.nominate()

    whole = await starter("verify", "audit", "--json")
    forged = await starter("verify", "audit", "--anchor", f"1:{'0' * 64}")

    assert whole.document["verified"]
    assert whole.document["events"] > 0
    assert (forged.status, "written anew" in forged.complained) == (1, True)


async def test_projection_and_privacy_are_verified(starter: Starter, cohort: CohortRig) -> None:
    case = await cohort.nominate(full_name=NAME)
    command = ("verify", "projection", "--cohort", cohort.id, "--json")
    equal = await starter(*command)
    private = await starter("verify", "privacy", "--cohort", cohort.id, "--json")
    await execute(cohort, "UPDATE nomination SET paused = true WHERE id = :id", id=case.id)

    differs = await starter(*command)
    mended = await starter(*command, "--rebuild", "--as", cohort.rig.operations.person)

    def about(answer: Answer) -> list[str]:
        # The rig runs no workflow for the cohort itself, which is a difference too.
        return [one["field"] for one in answer.document["differences"] if case.id in one["subject"]]

    assert private.status == 0
    assert [about(one) for one in (equal, differs, mended)] == [[], ["paused"], []]
    assert differs.status == 1
    assert not (await case.row()).paused


async def test_letter_is_sent_again_only_if_it_failed(starter: Starter, cohort: CohortRig) -> None:
    case = await cohort.nominate()
    operations = cohort.rig.operations.person
    listed = await starter("messages", "list", "--nomination", case.id, "--as", operations, "--json")
    letter = listed.document["messages"][0]["id"]
    command = ("messages", "resend", letter, "--reason", "technical_fault", "--as", operations)
    await execute(cohort, "UPDATE outboxmessage SET status = 'failed' WHERE id = :id", id=letter)

    first = await starter(*command)
    await execute(cohort, "UPDATE outboxmessage SET status = 'sent' WHERE id = :id", id=letter)
    second = await starter(*command)

    assert [first.status, second.status] == [0, 1]
    assert "has been sent" in second.complained
