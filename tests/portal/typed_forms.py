"""Every form of every role into which people type, as it stands filled in on its page.

`every_form` builds them over a rig. A route that takes a form and has no case must be named in `NOTHING_TYPED`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acts.drafting import DraftingActs
from models.enums import AssessmentStage, Role, Stage
from models.ids import AssessmentId
from models.messages import By
from models.policy import LONDON
from models.tables import Person, RoleGrant
from portal.nominees.tasks import tasks_of
from rules.applications import form as fields_of
from tests.portal.assessors.seats import accepted
from tests.portal.board.seeding import confirmed_nominations
from tests.portal.nominees.oneself import a_complete_draft, as_nominee, newcomer, own_address
from tests.portal.operations.watching.test_late import NOMINEE, a_closed_cohort
from tests.portal.test_sign_in import code_in, newest_letter
from tests.portal.visiting import Seen, Values, Visit
from tests.workflows.opened import opened
from tests.workflows.rig import ELSEWHERE, HOME, CohortRig, Rig

TEXT = "Two services became one,\n\nand “patients” wait half as long."
NOTE = "What the board wants to remember."

NOTHING_TYPED = frozenset(
    {
        # Buttons, and answers chosen from a list.
        "/sign-in/link",
        "/sign-out",
        "/roles",
        "/account/sign-out-everywhere",
        "/account/passkeys/remove",
        "/sign-in/personas",
        "/organisation/nominations/{nomination}/withdraw",
        "/organisation/nominations/{nomination}/withdraw/confirm",
        "/organisation/nominate",
        "/organisation/nominate/{draft}/round",
        "/organisation/nominate/{draft}/send",
        "/organisation/nominate/{draft}/delete",
        "/nominate-yourself/link",
        "/nominate-yourself/begin",
        "/nominate-yourself/{draft}/send",
        "/nominate-yourself/{draft}/delete",
        "/organisation/programs/webhooks/{endpoint}/secret",
        "/organisation/programs/tokens/{token}/revoke",
        "/organisation/programs/webhooks/{endpoint}/off",
        "/organisation/programs/webhooks/{endpoint}/test",
        "/organisation/programs/webhooks/{endpoint}/deliveries/{delivery}/replay",
        "/my-nomination/{nomination}/equality",
        "/my-nomination/{nomination}/equality/delete",
        "/my-nomination/{nomination}/consent",
        "/my-nomination/{nomination}/decline",
        "/my-nomination/{nomination}/application/check",
        "/my-nomination/{nomination}/defer",
        "/my-nomination/{nomination}/withdraw",
        "/assessments/{assessment}/accept",
        "/assessments/{assessment}/decline",
        "/assessments/{assessment}/conflict",
        "/assessments/{assessment}/scores/submit",
        "/availability/{cohort}/interests",
        "/availability/{cohort}/mixed-panels",
        "/availability/{cohort}/periods/{began}/remove",
        "/quality/screening/{nomination}",
        "/quality/{nomination}/confirm",
        "/quality/{nomination}/another-assessor",
        "/quality/{nomination}/more-evidence",
        "/quality/{nomination}/start",
        "/quality/{nomination}/leave",
        "/board/decisions/check-approvals",
        "/board/decisions/approve",
        "/board/decisions/{nomination}/approve",
        "/board/decisions/{nomination}/reopen",
        "/board/release/confirm",
        "/board/release/promote/{nomination}",
        "/operations/bulk/choose",
        "/operations/bulk/{step}/go-on",
        "/operations/bulk/{step}/undo",
        "/operations/cohorts/{cohort}/close",
        "/operations/cohorts/{cohort}/roll-call",
        "/operations/cohorts/{cohort}/unblock",
        "/operations/nominations/{nomination}/refuse-time",
        "/operations/nominations/{name}/pause",
        "/operations/nominations/{name}/resume",
        "/operations/nominations/{name}/defer",
        "/operations/nominations/{name}/unblock",
        "/operations/assessments/{name}/reassign",
        "/operations/allocation/{cohort}/pairs",
        "/operations/allocation/{cohort}/{run}/swap",
        "/operations/allocation/{cohort}/solve",
        "/operations/allocation/{cohort}/{run}/release",
        "/operations/allocation/{cohort}/{run}/undo",
        "/operations/allocation/{cohort}/{run}/discard",
        "/operations/messages/letter",
        "/operations/people/{person}/withdraw",
        "/operations/import/{key}",
        "/operations/export",
        "/operations/programs/{code}/tokens/{token}/revoke",
        "/operations/programs/{code}/webhooks/{endpoint}/off",
        "/operations/programs/{code}/webhooks/{endpoint}/test",
        "/operations/programs/{code}/webhooks/{endpoint}/deliveries/{delivery}/replay",
        # A file, which no page can give back: the browser lets nobody but the person choose one.
        "/operations/import",
        # What a passkey answers is made by the browser for one try; its script says that it did not work.
        "/account/passkeys",
        "/account/passkeys/options",
        "/sign-in/passkey",
        "/sign-in/passkey/options",
    }
)


@dataclass(frozen=True)
class Filled:
    """A form, filled in.

    Attributes:
        route: Its route, as the portal's table has it.
        by: Who fills it in; None for somebody who is not signed in.
        page: Opens the page that it stands on.
        typed: What is typed into it; the rest stays as the page has it.
        done: Rows, as SQL says them after FROM, of which there is one more once it has taken effect; empty where
            nothing is kept.
        says: Words of the page that it leads to.
        again: Whether it may be sent a second time without taking effect a second time.
        script: What ``static/save.js`` posts to the route instead of the form; then there is no page to give back.
    """

    route: str
    by: By | None
    page: Callable[[Visit], Awaitable[Seen]]
    typed: Values = field(default_factory=dict)
    done: str = ""
    says: str = ""
    again: bool = True
    script: Mapping[str, str] | None = None
    action: str | None = None


def at(path: str) -> Callable[[Visit], Awaitable[Seen]]:
    """Opens a page by its address."""

    async def page(visit: Visit) -> Seen:
        return await visit.get(path)

    return page


def through(path: str, values: Values, action: str | None = None) -> Callable[[Visit], Awaitable[Seen]]:
    """Opens the page that a form leads to."""

    async def page(visit: Visit) -> Seen:
        return await (await visit.get(path)).submit(action, values)

    return page


def date_of(when: datetime, name: str) -> dict[str, str]:
    local = when.astimezone(LONDON)
    return {f"{name}_day": str(local.day), f"{name}_month": str(local.month), f"{name}_year": str(local.year)}


async def every_form(rig: Rig) -> list[Filled]:
    """Every form, on cases of their own that stand where the form can be sent."""
    cohort = await rig.cohort()
    # One panel at a time is found for a cohort: those that need one have cohorts of their own.
    found = await asyncio.gather(
        signing_in(rig),
        nominating(cohort),
        applying(cohort),
        nominating_oneself(cohort),
        assessing(await rig.cohort()),
        moderating(await rig.cohort()),
        deciding(await rig.cohort()),
        watching(await rig.cohort()),
        steering_cohorts(rig),
        keeping(rig),
    )
    return [one for part in found for one in part]


async def signing_in(rig: Rig) -> list[Filled]:
    address = f"{rig.member.person}@example.nhs.test"

    typed: dict[str, str] = {}

    async def code_page(visit: Visit) -> Seen:
        page = await (await visit.get("/sign-in")).submit("/sign-in", email=address)
        typed["code"] = code_in(await newest_letter(rig, address))
        return page

    return [
        Filled(
            "/sign-in",
            None,
            at("/sign-in"),
            {"email": f"{rig.moderator.person}@example.nhs.test"},
            f"signincode WHERE person_id = '{rig.moderator.person}'",
            again=False,
        ),
        Filled(
            "/sign-in/code",
            None,
            code_page,
            typed,
            f"websession WHERE person_id = '{rig.member.person}'",
            again=False,
        ),
        Filled("/sign-in/personas/search", None, at("/sign-in/personas"), {"words": "The chair"}, action="/search"),
    ]


async def nominating(cohort: CohortRig) -> list[Filled]:
    rig = cohort.rig
    one, other = [await cohort.nominate(by_self=True, endorsed=False) for _ in range(2)]
    drafts = DraftingActs(rig.acts.desk)
    typed, saved = [await drafts.begin(cohort.id, HOME, rig.nominator) for _ in range(2)]
    endorsing = {
        "endorser_name": "Rosa Finch",
        "endorser_email": "rosa.finch@example.nhs.test",
        "endorser_post": "accountable_officer",
        "endorsement": TEXT,
    }
    path = "/organisation/nominations/{}/endorse"
    question = "/organisation/nominate/{}/questions/{}"
    return [
        Filled(
            "/organisation/nominations/{nomination}/endorse",
            rig.nominator,
            at(path.format(one.id)),
            endorsing,
            f"endorsement WHERE nomination_id = '{one.id}'",
        ),
        Filled(
            "/organisation/nominations/{nomination}/endorse/save",
            rig.nominator,
            at(path.format(other.id)),
            done=f"nominationdraft WHERE nomination_id = '{other.id}'"
            " AND content->>'endorsement' LIKE 'Two services%'",
            script={"field": "endorsement", "content": TEXT, "revision": "0"},
        ),
        Filled(
            "/organisation/nominate/{draft}/questions/{question}",
            rig.nominator,
            at(question.format(typed, "endorsement")),
            {"endorsement": TEXT},
            f"nominationdraft WHERE id = '{typed}' AND content->>'endorsement' LIKE 'Two services%'",
        ),
        Filled(
            "/organisation/nominate/{draft}/save",
            rig.nominator,
            at(question.format(saved, "endorsement")),
            done=f"nominationdraft WHERE id = '{saved}' AND content->>'endorsement' LIKE 'Two services%'",
            script={"field": "endorsement", "content": TEXT, "revision": "0"},
        ),
        Filled(
            "/organisation/programs/tokens/new",
            rig.nominator,
            at("/organisation/programs/tokens/new"),
            {"name": "Staff records", "scopes": ["nominations:read"], **date_of(rig_day(60), "until")},
            "apitoken WHERE name = 'Staff records'",
        ),
        Filled(
            "/organisation/programs/webhooks/new",
            rig.nominator,
            at("/organisation/programs/webhooks/new"),
            {"url": "https://hr.example.org/pool"},
            "webhookendpoint WHERE url = 'https://hr.example.org/pool'",
        ),
    ]


async def nominating_oneself(cohort: CohortRig) -> list[Filled]:
    rig = cohort.rig
    asked, proved = own_address(rig), own_address(rig)
    people = [await newcomer(rig) for _ in range(2)]
    typed, saved = [await a_complete_draft(cohort, person, interests="") for person in people]
    code: dict[str, str] = {}

    async def code_page(visit: Visit) -> Seen:
        page = await (await visit.get("/nominate-yourself/email")).submit(email=proved)
        code["code"] = code_in(await newest_letter(rig, proved))
        return page

    question = "/nominate-yourself/{}/questions/interests"
    kept = "nominationdraft WHERE id = '{}' AND content->>'interests' LIKE 'Estates%'"
    return [
        Filled(
            "/nominate-yourself/email",
            None,
            at("/nominate-yourself/email"),
            {"email": asked},
            f"signinattempt WHERE way = 'self' AND held->>'lower' = '{asked}'",
            again=False,
        ),
        Filled(
            "/nominate-yourself/code",
            None,
            code_page,
            code,
            f"websession s JOIN person p ON p.id = s.person_id WHERE p.email = '{proved}'",
            again=False,
        ),
        # They hold no role: who they are is enough.
        Filled(
            "/nominate-yourself/{draft}/questions/{question}",
            as_nominee(people[0]),
            at(question.format(typed)),
            {"interests": "Estates"},
            kept.format(typed),
        ),
        Filled(
            "/nominate-yourself/{draft}/save",
            as_nominee(people[1]),
            at(question.format(saved)),
            done=kept.format(saved),
            script={"field": "interests", "content": "Estates", "revision": "0"},
        ),
    ]


def rig_day(days: int) -> datetime:
    return datetime.now(LONDON) + timedelta(days=days)


async def applying(cohort: CohortRig) -> list[Filled]:
    case, other = [await (await cohort.nominate()).reach(Stage.APPLYING) for _ in range(2)]
    name = next(one.name for one in fields_of(cohort.policy) if one.most_words)
    task = next(one for one in tasks_of(cohort.policy) if one.fields[0].name == name)
    path = f"/my-nomination/{case.id}"
    drafted = "applicationdraft WHERE nomination_id = '{}' AND content LIKE 'Two services%'"
    return [
        Filled(
            "/my-nomination/{nomination}/extension",
            case.nominee,
            at(f"{path}/extension"),
            {"reason": "illness", **date_of(rig_day(100), "until")},
            f"auditevent WHERE subject = '{case.id}' AND what = 'asked for more time'",
        ),
        Filled(
            "/my-nomination/{nomination}/application/task/{slug}",
            case.nominee,
            at(f"{path}/application/task/{task.slug}"),
            {name: TEXT},
            drafted.format(case.id),
        ),
        Filled(
            "/my-nomination/{nomination}/application/save",
            other.nominee,
            at(f"/my-nomination/{other.id}/application/task/{task.slug}"),
            done=drafted.format(other.id),
            script={"field": name, "content": TEXT, "revision": "0"},
        ),
        Filled(
            "/my-nomination/{nomination}/application/details/change",
            case.nominee,
            at(f"{path}/application/details/change"),
            {"full_name": "Rosalind Okonkwo-Hale", "post": "Matron"},
            f"auditevent WHERE subject = '{case.id}' AND what = 'corrected their details'",
        ),
    ]


async def assessing(cohort: CohortRig) -> list[Filled]:
    case, one = await accepted(cohort)
    other = AssessmentId((await case.panel(AssessmentStage.OFFERED))[0].id)
    await case.accept(other)
    by, second = await case.assessor(one), await case.assessor(other)
    criterion = cohort.policy.scoring.criteria[0].code
    mine = f"person_id = '{by.person}'"
    periods = (
        f"availability v JOIN assessor a ON a.id = v.assessor_id AND a.cohort_id = v.cohort_id WHERE a.{mine} AND v."
    )
    async with cohort.rig.sessions() as session:
        query = "SELECT min(from_day) FROM availability v JOIN assessor a ON a.id = v.assessor_id"
        began = (await (await session.connection()).exec_driver_sql(f"{query} WHERE a.{mine}")).scalar_one()
    scored = "scoredraft WHERE assessment_id = '{}' AND content LIKE 'Two services%'"
    last = {"last_day": "5", "last_month": "3", "last_year": "2031"}
    return [
        Filled(
            "/assessments/{assessment}/scores",
            by,
            at(f"/assessments/{one}/scores"),
            {f"{criterion}.value": "5", f"{criterion}.evidence": TEXT},
            scored.format(one),
        ),
        Filled(
            "/assessments/{assessment}/scores/field",
            second,
            at(f"/assessments/{other}/scores"),
            done=scored.format(other),
            script={"field": f"{criterion}.evidence", "content": TEXT, "revision": "0"},
        ),
        Filled(
            "/availability/{cohort}/capacity",
            by,
            at(f"/availability/{cohort.id}/capacity"),
            {"capacity": "7"},
            f"assessor WHERE {mine} AND capacity = 7",
        ),
        Filled(
            "/availability/{cohort}/add",
            by,
            at(f"/availability/{cohort.id}/add"),
            {"first_day": "1", "first_month": "3", "first_year": "2031", **last},
            f"{periods}from_day = '2031-03-01'",
        ),
        Filled(
            "/availability/{cohort}/periods/{began}",
            second,
            at(f"/availability/{cohort.id}/periods/{began}"),
            last,
            periods.replace(by.person, second.person) + "until_day = '2031-03-05'",
        ),
    ]


async def moderating(cohort: CohortRig) -> list[Filled]:
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    low = (await case.panel())[0].id
    field_name = f"score.{low}.{cohort.policy.scoring.criteria[0].code}"

    async def checked(visit: Visit) -> Seen:
        await (await visit.get(f"/quality/{case.id}")).submit("/start")
        page = await visit.get(f"/quality/{case.id}/moderate")
        return await page.submit(None, {field_name: "4", "reason": "moderation", "note": TEXT})

    return [
        Filled(
            "/quality/{nomination}/moderate",
            cohort.rig.moderator,
            checked,
            done=f"scorechange WHERE assessment_id = '{low}'",
        )
    ]


async def deciding(cohort: CohortRig) -> list[Filled]:
    first, second, third = await confirmed_nominations(cohort, (5.2, 4.4, 3.1))
    rig, chosen = cohort.rig, {"outcome": "admitted", "reason": "proposed_order", "note": NOTE}
    order, listed = f"/board/order?cohort={cohort.id}", f"/board/decisions?cohort={cohort.id}"
    placed = {"admitted_from": "1", "admitted_to": "1", "reason": "proposed_order", "note": NOTE}
    drafted = "auditevent WHERE subject = '{}' AND what = 'decision drafted'"
    return [
        Filled("/board/order/check", rig.member, at(order), placed, says="Check"),
        Filled("/board/order/save", rig.member, through(order, placed), done=drafted.format(first), action="/save"),
        Filled(
            "/board/decisions/check-drafts",
            rig.member,
            at(listed),
            {"nomination": [second], **chosen},
            says="Check before drafting",
        ),
        Filled(
            "/board/decisions/draft",
            rig.member,
            through(listed, {"nomination": [second], **chosen}),
            done=drafted.format(second),
            action="/draft",
        ),
        Filled(
            "/board/decisions/{nomination}/draft",
            rig.member,
            at(f"/board/decisions/{third}"),
            {**chosen, "place": "3"},
            drafted.format(third),
            action="/draft",
        ),
    ]


async def watching(cohort: CohortRig) -> list[Filled]:
    rig = cohort.rig
    longer, many, seated = [await (await cohort.nominate()).reach(Stage.APPLYING) for _ in range(2)] + [
        await (await cohort.nominate()).reach(Stage.SCORING)
    ]
    lapsed = await (await cohort.nominate()).reach(Stage.LAPSED)
    seat = (await seated.panel(AssessmentStage.OFFERED))[0]
    late = await a_closed_cohort(rig)
    found = f"/operations/nominations?cohort={cohort.id}"
    until = {"reason": "workload", **date_of(rig_day(200), "until"), "until_time": "5:30pm"}
    moved = "auditevent WHERE subject = '{}' AND what = '{}'"
    bulk = {"act": "extend", **until}

    async def chosen(visit: Visit) -> Seen:
        return await (await visit.get(found)).submit("/choose", {"nomination": [many.id]})

    async def previewed(visit: Visit) -> Seen:
        return await (await chosen(visit)).submit("/check", bulk)

    return [
        Filled(
            "/operations/nominations/named",
            rig.operations,
            at(found),
            {"name": "Nominee"},
            says=longer.id,
            action="/named",
        ),
        Filled("/operations/bulk/check", rig.operations, chosen, bulk, says=many.id, action="/check"),
        Filled(
            "/operations/bulk/take",
            rig.operations,
            previewed,
            done=f"bulkstep WHERE cohort_id = '{cohort.id}'",
            action="/take",
        ),
        Filled(
            "/operations/nominations/{name}/extend",
            rig.operations,
            at(f"/operations/nominations/{longer.id}/extend"),
            until,
            moved.format(longer.id, "extended"),
        ),
        Filled(
            "/operations/nominations/{name}/readmit",
            rig.operations,
            at(f"/operations/nominations/{lapsed.id}/readmit"),
            until,
            moved.format(lapsed.id, "readmit"),
        ),
        Filled(
            "/operations/assessments/{name}/extend",
            rig.operations,
            at(f"/operations/assessments/{seat.id}/extend"),
            until,
            moved.format(seat.id, "extended"),
        ),
        Filled(
            "/operations/late",
            rig.operations,
            at(f"/operations/late?cohort={late.id}"),
            {
                **NOMINEE,
                "cohort": late.id,
                "nominator": f"{rig.nominator.person}@example.nhs.test",
                "nominee_email": f"late.{late.id}@example.nhs.test",
            },
            f"nomination WHERE cohort_id = '{late.id}'",
        ),
    ]


async def steering_cohorts(rig: Rig) -> list[Filled]:
    cohort = await opened(rig)
    later, after = cohort.closes_at + timedelta(days=3), cohort.closes_at + timedelta(days=1)
    return [
        Filled(
            "/operations/cohorts/{cohort}/window",
            rig.operations,
            at(f"/operations/cohorts/{cohort.id}/window"),
            {**date_of(later, "closes"), "closes_time": "17:00", "reason": "board_request"},
            f"cohort WHERE id = '{cohort.id}' AND closes_at > '{after}'",
        )
    ]


async def somebody_with_a_role(rig: Rig) -> str:
    """Somebody who stays known while the other forms are made ready, and is no officer."""
    person = Person(full_name="Mia Mistyped", email=f"mia.mistyped.{rig.number()}@exmaple.nhs.test")
    async with rig.sessions.begin() as session:
        session.add(person)
        await session.flush()
        session.add(RoleGrant(person_id=person.id, role=Role.INCLUSION_ADVISER, granted_at=datetime.now(LONDON)))
    return person.id


async def keeping(rig: Rig) -> list[Filled]:
    granted = "rolegrant g JOIN person p ON p.id = g.person_id WHERE p.{} = '{}' AND g.role = '{}'"
    new = "kay.new@example.nhs.test"
    mistyped = await somebody_with_a_role(rig)
    return [
        Filled("/operations/people", rig.operations, at("/operations/people"), {"words": "The chair"}, says="The"),
        Filled(
            "/operations/people/new",
            rig.operations,
            at("/operations/people/new"),
            {"full_name": "Kay New", "email": new, "post": "Head of Talent", "role": "board"},
            granted.format("email", new, "board"),
        ),
        Filled(
            "/operations/people/{person}/grant",
            rig.operations,
            at(f"/operations/people/{rig.member.person}/grant"),
            {"role": "nominator", "organisation": ELSEWHERE},
            granted.format("id", rig.member.person, "nominator"),
        ),
        Filled(
            "/operations/people/{person}/email",
            rig.operations,
            at(f"/operations/people/{mistyped}/email"),
            {"email": "kay.corrected@example.nhs.test", "reason": "address_mistyped"},
            f"auditevent WHERE subject = 'person/{mistyped}' AND what = 'email_corrected'",
        ),
        Filled(
            "/operations/organisations", rig.operations, at("/operations/organisations"), {"words": "R1D"}, says="R1D"
        ),
        Filled(
            "/operations/audit/verify",
            rig.operations,
            at("/operations/audit/verify"),
            {"anchor": f"1:{'0' * 64}"},
            says="0000",
        ),
    ]
