"""Pairs that operations set: what may be pinned and forbidden, what runs keep to, and what is refused."""

import pytest
from sqlmodel import col, select

from acts import Acts
from acts.errors import NotKnownError, RefusedError
from acts.pairs import PairActs, PairChange, priced
from models.enums import AssessmentStage, ConflictKind, PairKind, RunKind, Stage, SteerReason
from models.ids import AssessorId, NominationId
from models.messages import By, SeatRequest
from models.tables import AuditEvent, DeclaredConflict, PairRule
from storage.allocations import problem_as_held, problem_of
from tests.activities.cohort import BOARD, MODERATOR, NOW, OPERATIONS, CohortInRows, Sessions

BOARDS = SteerReason.BOARD_REQUEST
FIRST, SECOND = NominationId("pilot-0001"), NominationId("pilot-0002")
ANNA, BEN, CARA, DAVE = (AssessorId(f"A-00{number}") for number in range(1, 5))


@pytest.fixture
def pairs(acts: Acts) -> PairActs:
    """The acts."""
    return PairActs(acts.desk)


async def rules(sessions: Sessions, kind: RunKind = RunKind.BATCH, *asked: NominationId) -> tuple[object, object]:
    """What a run of this kind would be given as pinned and forbidden."""
    async with sessions() as session:
        problem = await problem_of(session, "pilot", kind, [SeatRequest(nomination=one) for one in asked])
    return set(problem.rules.pinned), set(problem.rules.forbidden)


async def standing(sessions: Sessions) -> list[tuple[str, str, PairKind, SteerReason]]:
    async with sessions() as session:
        rows = await session.exec(select(PairRule).order_by(col(PairRule.nomination_id), col(PairRule.assessor_id)))
        return [(row.nomination_id, row.assessor_id, row.kind, row.reason) for row in rows]


async def events(sessions: Sessions) -> list[tuple[str, str, object, object, str | None]]:
    async with sessions() as session:
        rows = await session.exec(select(AuditEvent).order_by(col(AuditEvent.position)))
        return [(row.what, row.subject, row.before, row.after, row.reason) for row in rows]


async def test_pairs_are_kept_audited_and_given_to_runs_that_ask_about_their_nomination(
    pairs: PairActs, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(nominations=2)

    await pairs.pin(FIRST, ANNA, OPERATIONS, BOARDS)
    await pairs.pin(FIRST, ANNA, OPERATIONS, SteerReason.OTHER)
    await pairs.forbid(SECOND, BEN, OPERATIONS, SteerReason.WORKLOAD)

    assert await standing(sessions) == [
        (FIRST, ANNA, PairKind.PINNED, BOARDS),
        (SECOND, BEN, PairKind.FORBIDDEN, SteerReason.WORKLOAD),
    ]
    assert await rules(sessions) == ({(FIRST, ANNA)}, {(SECOND, BEN)})
    assert await rules(sessions, RunKind.REPLACEMENT, SECOND) == (set(), {(SECOND, BEN)})
    assert await events(sessions) == [
        ("pair pinned", f"{FIRST}.{ANNA}", {"pair": None}, {"pair": "pinned"}, "board_request"),
        ("pair forbidden", f"{SECOND}.{BEN}", {"pair": None}, {"pair": "forbidden"}, "workload"),
    ]


async def test_pair_that_is_lifted_binds_no_run_and_can_be_set_the_other_way(
    pairs: PairActs, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin()
    await pairs.forbid(FIRST, ANNA, OPERATIONS, BOARDS)

    with pytest.raises(RefusedError, match="kept from the panel of pilot-0001 by operations: lift that first"):
        await pairs.pin(FIRST, ANNA, OPERATIONS, BOARDS)
    await pairs.lift(FIRST, ANNA, OPERATIONS, SteerReason.OTHER)
    lifted = await rules(sessions)
    await pairs.pin(FIRST, ANNA, OPERATIONS, BOARDS)
    with pytest.raises(RefusedError, match="is pinned to pilot-0001: lift that first"):
        await pairs.forbid(FIRST, ANNA, OPERATIONS, BOARDS)

    assert lifted == (set(), set())
    assert await rules(sessions) == ({(FIRST, ANNA)}, set())
    assert [what for what, *_ in await events(sessions)] == ["pair forbidden", "pair lifted", "pair pinned"]
    with pytest.raises(RefusedError, match="nothing to lift"):
        await pairs.lift(FIRST, BEN, OPERATIONS, BOARDS)


async def test_pin_that_a_hard_rule_bars_is_refused_with_the_rule(
    pairs: PairActs, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin()
    await rows.add(
        DeclaredConflict(
            nomination_id=FIRST,
            assessor_id=ANNA,
            kind=ConflictKind.FAMILY.value,
            declared_by=OPERATIONS.person,
            declared_at=NOW,
        )
    )

    with pytest.raises(RefusedError, match="A-001 has a declared relationship with the nominee"):
        await pairs.pin(FIRST, ANNA, OPERATIONS, BOARDS)

    assert await standing(sessions) == []
    assert await events(sessions) == []


async def test_assessor_who_sits_or_was_asked_is_neither_pinned_nor_forbidden(
    pairs: PairActs, rows: CohortInRows
) -> None:
    await rows.begin(stage=Stage.SCORING)
    await rows.seat(1, 1, AssessmentStage.ACCEPTED)
    await rows.seat(1, 2, AssessmentStage.EXPIRED)

    with pytest.raises(RefusedError, match="sits on the panel of pilot-0001 already: reassign the assessment"):
        await pairs.forbid(FIRST, ANNA, OPERATIONS, BOARDS)
    with pytest.raises(RefusedError, match="sits on the panel of pilot-0001 already: there is nothing to pin"):
        await pairs.pin(FIRST, ANNA, OPERATIONS, BOARDS)
    with pytest.raises(RefusedError, match="is not asked again: nothing to forbid"):
        await pairs.forbid(FIRST, BEN, OPERATIONS, BOARDS)
    with pytest.raises(RefusedError, match="was asked before"):
        await pairs.pin(FIRST, BEN, OPERATIONS, BOARDS)


async def test_pin_of_somebody_who_was_asked_since_is_spent_and_the_next_takes_the_seat(
    pairs: PairActs, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(stage=Stage.SCORING)
    for assessor in (DAVE, ANNA, BEN):
        await pairs.pin(FIRST, assessor, OPERATIONS, BOARDS)
    with pytest.raises(RefusedError, match="As many assessors are pinned to pilot-0001 as its panel has seats"):
        await pairs.pin(FIRST, CARA, OPERATIONS, BOARDS)
    one_seat = await rules(sessions, RunKind.REPLACEMENT, FIRST)

    await rows.seat(1, 4, AssessmentStage.EXPIRED)
    declined = await rules(sessions, RunKind.REPLACEMENT, FIRST)
    await rows.seat(1, 1, AssessmentStage.ACCEPTED)
    seated = await rules(sessions, RunKind.REPLACEMENT, FIRST)

    # All were set at one moment, so the reference settles which comes first.
    assert (one_seat[0], declined[0], seated[0]) == ({(FIRST, ANNA)}, {(FIRST, ANNA)}, {(FIRST, BEN)})
    async with sessions() as session:
        held, _ = await problem_as_held(session, "pilot")
    assert held.rules.pinned == frozenset()


async def test_swap_is_both_or_neither(pairs: PairActs, rows: CohortInRows, sessions: Sessions) -> None:
    await rows.begin()
    await pairs.pin(FIRST, ANNA, OPERATIONS, BOARDS)

    with pytest.raises(RefusedError, match="lift that first"):
        await pairs.swap(FIRST, ANNA, BEN, OPERATIONS, BOARDS)
    with pytest.raises(RefusedError, match="two different assessors"):
        await pairs.swap(FIRST, BEN, BEN, OPERATIONS, BOARDS)
    refused = await rules(sessions)
    await pairs.swap(FIRST, CARA, BEN, OPERATIONS, BOARDS)

    assert refused == ({(FIRST, ANNA)}, set())
    assert await rules(sessions) == ({(FIRST, ANNA), (FIRST, BEN)}, {(FIRST, CARA)})


@pytest.mark.parametrize("by", [BOARD, MODERATOR])
async def test_only_operations_set_pairs(by: By, pairs: PairActs, rows: CohortInRows, sessions: Sessions) -> None:
    await rows.begin()

    for act in (pairs.pin, pairs.forbid, pairs.lift):
        with pytest.raises(RefusedError, match="may not ask for an allocation run"):
            await act(FIRST, ANNA, by, BOARDS)
    with pytest.raises(RefusedError, match="may not ask for an allocation run"):
        await priced(sessions, change=PairChange(FIRST, pinned=ANNA), by=by)

    assert await standing(sessions) == []


async def test_pair_of_what_is_not_there_or_has_ended_is_refused(pairs: PairActs, rows: CohortInRows) -> None:
    await rows.begin(stage=Stage.WITHDRAWN)

    with pytest.raises(NotKnownError, match="no nomination 'pilot-0099'"):
        await pairs.pin(NominationId("pilot-0099"), ANNA, OPERATIONS, BOARDS)
    with pytest.raises(NotKnownError, match="no assessor 'A-099' in pilot"):
        await pairs.pin(FIRST, AssessorId("A-099"), OPERATIONS, BOARDS)
    with pytest.raises(RefusedError, match="gets no assessor any more: the nomination is withdrawn"):
        await pairs.pin(FIRST, ANNA, OPERATIONS, BOARDS)


async def test_price_is_told_before_anything_is_changed(rows: CohortInRows, sessions: Sessions) -> None:
    await rows.begin(nominations=2)

    told = await priced(sessions, change=PairChange(FIRST, forbidden=ANNA), by=OPERATIONS)

    assert told.price is not None
    assert told.price.exact
    assert (told.price.before.staffed, told.price.after.staffed) == (2, 2)
    assert told.words[-1] == "Both ways were solved to the end, so this is exact."
    assert await standing(sessions) == []


async def test_price_that_cannot_be_told_says_why(rows: CohortInRows, sessions: Sessions) -> None:
    await rows.begin(stage=Stage.SCORING)

    told = await priced(sessions, change=PairChange(FIRST, pinned=ANNA), by=OPERATIONS)

    assert told.price is None
    assert "does not wait for a panel now" in told.reason


async def test_price_that_takes_too_long_is_given_up(rows: CohortInRows, sessions: Sessions) -> None:
    await rows.begin(nominations=2)

    told = await priced(sessions, change=PairChange(FIRST, pinned=ANNA), by=OPERATIONS, seconds=0)

    assert told.price is None
    assert told.words == ("The price could not be told within 0 seconds: there are too many panels to solve.",)
