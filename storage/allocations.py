"""What the allocation is asked, put together from the register, the nominations and the panels as they stand."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from pydantic import TypeAdapter
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from allocation.answer import RunAnswer
from allocation.problem import (
    AllocationProblem,
    AssessorSupply,
    CompositionRule,
    NominationDemand,
    PanelRules,
    Seat,
    Weights,
    line_managers,
)
from models.enums import HOLDING, AssessmentStage, PairKind, RunKind, Stage
from models.messages import SeatRequest
from models.policy import Policy
from models.tables import (
    AllocationRun,
    Assessment,
    Assessor,
    Availability,
    DeclaredConflict,
    EarlierPost,
    Endorsement,
    Nomination,
    PairRule,
    ProposedSeat,
)
from storage.own_properties import properties_agreed
from storage.pairs import pairs_of_nominations
from storage.places import Place, places
from storage.policies import policy_of

PROBLEM: TypeAdapter[AllocationProblem] = TypeAdapter(AllocationProblem)
RESULT: TypeAdapter[RunAnswer] = TypeAdapter(RunAnswer)
_POINTS = 100
"""Points of a weight of 1: fits and loads are reckoned in whole points, and a part of either must still be some."""


def panel_rules(policy: Policy) -> PanelRules:
    """The policy's rules for panels, as the allocation knows them."""
    panel, allocation = policy.panel, policy.allocation
    return PanelRules(
        size=panel.size,
        composition=tuple(
            CompositionRule(rule.name, frozenset(role.value for role in rule.roles), rule.at_least, rule.at_most)
            for rule in panel.composition
        ),
        conflict_years=panel.conflict_years,
        window=(panel.assessed_from, panel.assessed_until),
        min_days_available=panel.min_days_available,
        weights=Weights(
            interest=round(_POINTS * allocation.weight_interest),
            sector=round(_POINTS * allocation.weight_sector),
            role=round(_POINTS * allocation.weight_role),
            same_system=round(_POINTS * allocation.weight_same_system),
            same_office=round(_POINTS * allocation.weight_same_office),
            same_region=round(_POINTS * allocation.weight_same_region),
            load=round(_POINTS * allocation.weight_even_load),
            mixed=round(_POINTS * allocation.weight_mixed),
            repeat=round(_POINTS * allocation.weight_repeat),
        ),
        together=panel.together,
        week_most=policy.assessors.week_most,
        pair_most=panel.pair_most,
        off=frozenset(allocation.rules_off),
        # Of its first 64 bits the highest 53: readers of JSON take larger numbers for others.
        seed=int.from_bytes(hashlib.sha256(allocation.seed.encode()).digest()[:8]) >> 11,
    )


def keeping_points(policy: Policy) -> int | None:
    """What keeping a seat is worth in a repair, in points; None where nothing outweighs a kept seat."""
    worth = policy.allocation.keep_seat
    return None if worth is None else round(_POINTS * worth)


async def problem_of(
    session: AsyncSession,
    cohort: str,
    kind: RunKind,
    requests: Iterable[SeatRequest] = (),
    *,
    beside: bool = False,
) -> AllocationProblem:
    """The problem of all waiting panels, or of the seats that ``requests`` ask for.

    A request for a nomination that no longer needs a seat is left out. A rolling run plans beside those who wait for
    everybody who has no panel yet and whose nomination is not over. Of equals, the seats of the run before are kept.
    ``beside``: panels that need nobody are among the nominations, where it matters who met whom on them.
    """
    asked: Counter[str] = Counter(request.nomination for request in requests)
    wanted = asked if kind is RunKind.REPLACEMENT else None
    nominations = await _waiting(session, cohort, wanted)
    policy = await policy_of(session, cohort)
    coming = await _to_come(session, cohort) if kind is RunKind.ROLLING and nominations else ()
    problem = await _problem(session, policy, [*nominations, *coming], wanted)
    rules = problem.rules
    meetings = (rules.pair_most is not None and rules.on("pairs")) or rules.weights.repeat
    whole = await _whole_panels(session, cohort, problem) if beside and meetings and nominations else ()
    return replace(
        problem,
        nominations=(*problem.nominations, *whole),
        expected=frozenset(one.id for one in coming),
        preferred=await _proposed_last(session, cohort) if wanted is None and nominations else frozenset(),
    )


async def problem_of_one(session: AsyncSession, nomination: Nomination) -> AllocationProblem:
    """The problem of one nomination alone, whatever its stage, as if its panel lacked a seat: who may sit on it."""
    policy = await policy_of(session, nomination.cohort_id)
    return await _problem(session, policy, [nomination], Counter({nomination.id: 1}))


async def problem_of_all(session: AsyncSession, cohort: str, nominations: Sequence[Nomination]) -> AllocationProblem:
    """The problem of these nominations, whatever their stage: whole panels of the usual size, held seats kept."""
    return await _problem(session, await policy_of(session, cohort), nominations, None)


async def problem_as_held(session: AsyncSession, cohort: str) -> tuple[AllocationProblem, tuple[Seat, ...]]:
    """All panels as they are held, as if every seat were new: what an independent check of the rules is given."""
    held = (
        await session.exec(
            select(Assessment.nomination_id, Assessment.assessor_id)
            .where(col(Assessment.cohort_id) == cohort, col(Assessment.stage).in_(list(HOLDING)))
            .order_by(col(Assessment.nomination_id), col(Assessment.assessor_id))
        )
    ).all()
    sizes = Counter(nomination for nomination, _ in held)
    nominations = (
        await session.exec(select(Nomination).where(col(Nomination.id).in_(list(sizes))).order_by(col(Nomination.id)))
    ).all()
    policy = await policy_of(session, cohort)
    problem = await _problem(session, policy, nominations, sizes, as_held=True)
    return problem, tuple(Seat(nomination, assessor, 0, ()) for nomination, assessor in held)


async def seats_of(session: AsyncSession, cohort: str, run: int) -> tuple[Seat, ...]:
    """The seats a run proposes, in the order of nominations and assessors."""
    rows = await session.exec(
        select(ProposedSeat)
        .where(col(ProposedSeat.cohort_id) == cohort, col(ProposedSeat.run) == run)
        .order_by(col(ProposedSeat.nomination_id), col(ProposedSeat.assessor_id))
    )
    return tuple(Seat(row.nomination_id, row.assessor_id, round(row.cost), tuple(row.reasons)) for row in rows)


async def _waiting(session: AsyncSession, cohort: str, wanted: Mapping[str, int] | None) -> Sequence[Nomination]:
    query = select(Nomination).where(col(Nomination.cohort_id) == cohort).order_by(col(Nomination.id))
    if wanted is None:
        query = query.where(col(Nomination.stage) == Stage.AWAITING_PANEL, col(Nomination.paused).is_(False))
    else:
        query = query.where(
            col(Nomination.id).in_(list(wanted)),
            col(Nomination.stage).in_([Stage.AWAITING_PANEL, Stage.SCORING, Stage.QUALITY_ASSURANCE]),
        )
    return (await session.exec(query)).all()


async def _whole_panels(
    session: AsyncSession, cohort: str, problem: AllocationProblem
) -> tuple[NominationDemand, ...]:
    """The panels of all other nominations as they are held, with nobody missing."""
    known = {one.id for one in problem.nominations}
    rows = await session.exec(
        select(Assessment.nomination_id, Nomination.organisation_code, Assessment.assessor_id)
        .join(Nomination, col(Nomination.id) == col(Assessment.nomination_id))
        .where(col(Assessment.cohort_id) == cohort, col(Assessment.stage).in_(list(HOLDING)))
        .order_by(col(Assessment.nomination_id), col(Assessment.assessor_id))
    )
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    for nomination, organisation, assessor in rows:
        if nomination not in known:
            held[nomination, organisation].append(assessor)
    return tuple(
        NominationDemand(
            id=nomination,
            organisation=organisation,
            system="",
            earlier_organisations=(),
            endorser_organisation=None,
            interests=frozenset(),
            seats=len(members),
            seated=tuple(members),
        )
        for (nomination, organisation), members in held.items()
    )


async def _proposed_last(session: AsyncSession, cohort: str) -> frozenset[tuple[str, str]]:
    """The seats of the newest run for all that wait, whatever has become of it."""
    newest = (
        select(func.max(AllocationRun.number))
        .where(col(AllocationRun.cohort_id) == cohort, col(AllocationRun.kind) != RunKind.REPLACEMENT)
        .scalar_subquery()
    )
    rows = await session.exec(
        select(ProposedSeat.nomination_id, ProposedSeat.assessor_id).where(
            col(ProposedSeat.cohort_id) == cohort, col(ProposedSeat.run) == newest
        )
    )
    return frozenset((nomination, assessor) for nomination, assessor in rows)


async def _to_come(session: AsyncSession, cohort: str) -> Sequence[Nomination]:
    """Nominations that will wait for a panel if they come so far."""
    before = col(Nomination.stage).in_([Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING])
    paused = (col(Nomination.stage) == Stage.AWAITING_PANEL) & col(Nomination.paused)
    query = select(Nomination).where(col(Nomination.cohort_id) == cohort, before | paused)
    return (await session.exec(query.order_by(col(Nomination.id)))).all()


async def _problem(
    session: AsyncSession,
    policy: Policy,
    nominations: Sequence[Nomination],
    wanted: Mapping[str, int] | None,
    *,
    as_held: bool = False,
) -> AllocationProblem:
    """Reads what the nominations and the register say; ``as_held`` leaves out who sits where already."""
    cohort = policy.cohort.id
    ids = [nomination.id for nomination in nominations]
    known = await places(session)
    earlier = await _earlier_posts(session)
    endorsers = dict(
        (
            await session.exec(
                select(Endorsement.nomination_id, Endorsement.organisation_code).where(
                    col(Endorsement.nomination_id).in_(ids)
                )
            )
        ).all()
    )
    conflicts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    declared = await session.exec(
        select(DeclaredConflict)
        .where(col(DeclaredConflict.nomination_id).in_(ids))
        .order_by(col(DeclaredConflict.nomination_id), col(DeclaredConflict.assessor_id))
    )
    for conflict in declared:
        conflicts[conflict.nomination_id].append((conflict.assessor_id, conflict.kind))
    seated, barred, loads = await _panels(session, cohort, ids)
    demands = []
    for nomination in nominations:
        kept = () if as_held else tuple(seated[nomination.id])
        seats = None if wanted is None else wanted[nomination.id] + len(kept)
        if nomination.stage is Stage.AWAITING_PANEL and not as_held:
            seats = None
        place = known.get(nomination.organisation_code, Place())
        demands.append(
            NominationDemand(
                id=nomination.id,
                organisation=nomination.organisation_code,
                system=place.system,
                earlier_organisations=earlier.get(nomination.person_id, ()),
                endorser_organisation=endorsers.get(nomination.id),
                interests=frozenset(nomination.interests),
                seats=seats,
                seated=kept,
                barred=frozenset(barred[nomination.id]),
                conflicts=tuple(conflicts[nomination.id]),
                sector=place.sector,
                office=place.office,
                region=place.region,
                line_managers=line_managers(place.sector),
            )
        )
    rules = panel_rules(policy)
    pairs = await pairs_of_nominations(session, ids)
    assessors = await _supply(session, cohort, known, earlier, Counter() if as_held else loads)
    mixed_by = policy.allocation.mixed_properties if rules.weights.mixed else frozenset()
    agreed = await properties_agreed(session, cohort, mixed_by) if mixed_by else {}
    return AllocationProblem(
        nominations=tuple(demands),
        assessors=tuple(replace(one, properties=agreed.get(one.id, frozenset())) for one in assessors),
        rules=replace(
            rules,
            mixed_properties=frozenset(one.value for one in mixed_by) if agreed else frozenset(),
            # A panel that was whole before somebody was pinned to it is as good as any.
            pinned=frozenset() if as_held else _binding(pairs, demands, rules.size),
            forbidden=frozenset(
                (one.nomination_id, one.assessor_id) for one in pairs if one.kind is PairKind.FORBIDDEN
            ),
        ),
    )


def _binding(pairs: Sequence[PairRule], demands: Sequence[NominationDemand], size: int) -> frozenset[tuple[str, str]]:
    """The pins that a run must keep to: of those who were not asked yet, as many as have a seat, first set first.

    Whoever was asked and declined is not asked again, so their pin is spent and does not leave the panel open.
    """
    pinned: dict[str, list[str]] = defaultdict(list)
    for one in pairs:
        if one.kind is PairKind.PINNED:
            pinned[one.nomination_id].append(one.assessor_id)
    found: set[tuple[str, str]] = set()
    for demand in demands:
        missing = max((demand.seats or size) - len(demand.seated), 0)
        waiting = [name for name in pinned[demand.id] if name not in demand.barred and name not in demand.seated]
        found.update((demand.id, name) for name in waiting[:missing])
    return frozenset(found)


async def _earlier_posts(session: AsyncSession) -> dict[str, tuple[tuple[str, date], ...]]:
    posts: dict[str, list[tuple[str, date]]] = defaultdict(list)
    rows = await session.exec(
        select(EarlierPost).order_by(col(EarlierPost.person_id), col(EarlierPost.organisation_code))
    )
    for post in rows:
        posts[post.person_id].append((post.organisation_code, post.left_on))
    return {person: tuple(left) for person, left in posts.items()}


async def _panels(
    session: AsyncSession, cohort: str, ids: Sequence[str]
) -> tuple[dict[str, list[str]], dict[str, set[str]], Counter[str]]:
    """Who sits on each panel, who has been asked before and is not asked again, and how much everybody holds."""
    seated: dict[str, list[str]] = defaultdict(list)
    barred: dict[str, set[str]] = defaultdict(set)
    loads: Counter[str] = Counter()
    asked_for = frozenset(ids)
    rows = await session.exec(
        select(Assessment.nomination_id, Assessment.assessor_id, Assessment.stage)
        .where(col(Assessment.cohort_id) == cohort)
        .order_by(col(Assessment.id))
    )
    for nomination, assessor, stage in rows:
        if stage in HOLDING:
            loads[assessor] += 1
        if nomination in asked_for:
            if stage in HOLDING:
                seated[nomination].append(assessor)
            elif stage is not AssessmentStage.TAKEN_BACK:
                barred[nomination].add(assessor)
    return seated, barred, loads


async def _supply(
    session: AsyncSession,
    cohort: str,
    known: Mapping[str, Place],
    earlier: Mapping[str, tuple[tuple[str, date], ...]],
    loads: Mapping[str, int],
) -> tuple[AssessorSupply, ...]:
    available: dict[str, list[tuple[date, date]]] = defaultdict(list)
    days = await session.exec(
        select(Availability)
        .where(col(Availability.cohort_id) == cohort)
        .order_by(col(Availability.assessor_id), col(Availability.from_day))
    )
    for one in days:
        available[one.assessor_id].append((one.from_day, one.until_day))
    register = await session.exec(
        select(Assessor).where(col(Assessor.cohort_id) == cohort).order_by(col(Assessor.id))
    )
    supply = []
    for row in register:
        place, left = known.get(row.organisation_code, Place()), earlier.get(row.person_id, ())
        worked = {place.sector, *(known.get(code, Place()).sector for code, _ in left)}
        supply.append(
            AssessorSupply(
                id=row.id,
                role=row.role.value,
                organisation=row.organisation_code,
                system=place.system,
                earlier_organisations=left,
                interests=frozenset(row.interests),
                capacity=row.capacity,
                load=loads.get(row.id, 0),
                available=tuple(available[row.id]),
                training_expires=row.training_expires,
                sectors=frozenset(worked - {""}),
                office=place.office,
                region=place.region,
            )
        )
    return tuple(supply)
