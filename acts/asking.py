"""Asking the engine about panels: each question reads what it needs, and is then worked out without a connection.

Nothing is changed by any of them. Each may take seconds.
"""

from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.errors import NotKnownError, RefusedError
from allocation.asked import NotInRunError, Reply, asked, members
from allocation.expected import Outlook, habits_of, outlook
from allocation.made_up import changed, made_up
from allocation.mending import Mending, mended
from allocation.problem import AllocationProblem
from models.policy import Policy
from storage.allocations import keeping_points, panel_rules
from storage.kept_runs import kept_run
from storage.lists import Asker, kept_from
from storage.panels_expected import panels_expected
from storage.panels_now import panels_now
from storage.policies import policy_of

Sessions = async_sessionmaker[AsyncSession]


class NoSuchNominationError(NotKnownError):
    """The run was not asked about the nomination."""


class NoSuchAssessorError(NotKnownError):
    """The run was not asked about the assessor."""


class TooFewThereError(RefusedError):
    """A change takes away more than there are; ``what`` is the change's name for it, ``there`` how many there are."""

    def __init__(self, what: str, there: int, sentence: str) -> None:
        super().__init__(what, there, sentence)
        self.what = what
        self.there = there
        self.sentence = sentence

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


@dataclass(frozen=True)
class Play:
    """How a cohort is played through: the share of offers accepted, how often, and what settles every draw.

    Without a share, that of the policy holds.
    """

    accept: float | None = None
    trials: int = 50
    seed: int = 1


USUAL_PLAY = Play()


@dataclass(frozen=True)
class Change:
    """What becomes different in a cohort that runs: how many withdraw, come, leave."""

    withdraw: int = 0
    nominate: int = 0
    leave: int = 0


@dataclass(frozen=True)
class Told:
    """What a run says of one nomination: about each assessor asked for, and why seats stayed empty."""

    replies: tuple[Reply, ...]
    unstaffed: tuple[str, ...] = field(default=())


async def why(
    sessions: Sessions,
    *,
    asker: Asker,
    cohort: str,
    run: int,
    nomination: str,
    assessor: str | None = None,
    seconds: float = 30.0,
) -> Told:
    """Why an assessor sits on a panel of a run, or why not; without one, why everybody who sits there does.

    Args:
        sessions: The database.
        asker: Who asks; a run they may not read is none, and nor is a nomination that is kept from them.
        cohort: The run's cohort.
        run: Its number.
        nomination: Whose panel.
        assessor: Whom it is about.
        seconds: Time allowed where all panels must be solved again.

    Raises:
        UnreadableRunError: What is kept of the run can no longer be read.
        NotKnownError: There is no such run, or it was not asked about the nomination or the assessor.
    """
    async with sessions() as session:
        kept = await kept_run(session, asker, cohort, run)
        if kept is None:
            raise NotKnownError(f"There is no run {run} in {cohort}: look at 'python starter.py run list'.")
        aim = (await policy_of(session, cohort)).allocation.aim
        hidden = await kept_from(session, asker)
    problem, answer = kept
    if nomination in hidden:
        raise NoSuchNominationError(f"{nomination} is your own, or waits for your scores: ask somebody else.")
    try:
        wanted = members(problem, answer, nomination)
    except NotInRunError as error:
        raise NoSuchNominationError(str(error)) from error
    try:
        replies = tuple(
            asked(problem, answer, nomination, one, aim=aim, seconds=seconds)
            for one in ((assessor,) if assessor else wanted)
        )
    except NotInRunError as error:
        raise NoSuchAssessorError(str(error)) from error
    left = tuple(reason for one in answer.unstaffed if one.nomination == nomination for reason in one.reasons)
    return Told(replies, left)


async def mending_of(sessions: Sessions, *, cohort: str, seconds: float = 30.0) -> Mending:
    """The fewest changed seats that would make every panel of a cohort whole as things stand."""
    async with sessions() as session:
        problem = await panels_now(session, cohort)
        keep = keeping_points(await policy_of(session, cohort))
    return mended(problem, keep=keep, seconds=seconds)


async def outlook_of(
    sessions: Sessions, *, cohort: str, change: Change, play: Play = USUAL_PLAY, policy: Policy | None = None
) -> Outlook:
    """What may be expected of a cohort that runs, after a change.

    Args:
        sessions: The database.
        cohort: The cohort.
        change: What becomes different first.
        play: How it is played through.
        policy: Other rules than the cohort's own.

    Raises:
        TooFewThereError: More would go than there are.
    """
    async with sessions() as session:
        rules = policy or await policy_of(session, cohort)
        expected = await panels_expected(session, cohort, rules)
    nominations, assessors = len(expected.problem.nominations), len(expected.problem.assessors)
    if change.withdraw > nominations:
        sentence = f"{cohort} has {nominations} nominations: {change.withdraw} of them cannot go."
        raise TooFewThereError("withdraw", nominations, sentence)
    if change.leave > assessors:
        sentence = f"{cohort} has {assessors} assessors: {change.leave} of them cannot go."
        raise TooFewThereError("leave", assessors, sentence)
    after = changed(
        expected.problem,
        withdraw=change.withdraw,
        nominate=change.nominate,
        leave=change.leave,
        free=expected.free,
        places=expected.places,
        seed=str(play.seed),
    )
    return outlook(after, habits_of(rules, play.accept), runs=play.trials, seed=play.seed)


async def outlook_before(sessions: Sessions, *, cohort: str, size: tuple[int, int], searched: int) -> Outlook:
    """What may be expected of ``size`` made-up nominations and assessors by the rules of a cohort."""
    async with sessions() as session:
        policy = await policy_of(session, cohort)
    nominations, assessors = size
    return made_up_outlook(policy, nominations=nominations, assessors=assessors, searched=searched)


def made_up_outlook(
    policy: Policy, *, nominations: int, assessors: int, searched: int, play: Play = USUAL_PLAY
) -> Outlook:
    """What may be expected of so many made-up people.

    Args:
        policy: The rules.
        nominations: How many.
        assessors: How many.
        searched: Up to so many nominations, the most that the assessors can carry is sought as well.
        play: How they are played through.
    """

    def of(many: int) -> AllocationProblem:
        capacity = policy.assessors.capacity
        return made_up(
            panel_rules(policy), nominations=many, assessors=assessors, capacity=capacity, seed=str(play.seed)
        )

    larger = of if nominations <= searched else None
    return outlook(of(nominations), habits_of(policy, play.accept), runs=play.trials, seed=play.seed, larger=larger)
