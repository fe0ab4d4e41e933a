"""The audit sample: what the published seed drew, how far each has come, and taking one on."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import ENDS, Resolution, Stage
from models.policy import Policy
from portal.failures import NotFoundError
from portal.forms import Bound
from portal.moderators.codes import RESOLUTIONS
from portal.moderators.listing import Narrowing
from portal.moderators.opening import AREA, HOME, Visiting
from portal.moderators.waiting import CountShown, holder_words
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.words import day
from rules.stages import WORDS
from storage.cohort_pages import cohorts_to_choose, name_of
from storage.moderator_pages import A_PAGE
from storage.policies import policy_of
from storage.sample_pages import Drawn, SampleCounts, sample_counts, sample_of

routes = area()


@dataclass(frozen=True)
class DrawnShown:
    """A nomination of the sample. ``free``: it can be reserved now; ``mine``: the visitor has it and can confirm."""

    number: str
    state: str
    holder: str
    free: bool
    mine: bool


@dataclass(frozen=True)
class SampleShown:
    """How a cohort's sample was drawn."""

    cohort: str
    name: str
    share: str
    seed: str
    counts: tuple[CountShown, ...]


@routes.get("/quality/sample")
async def sample(request: Request, visitor: Visiting, services: Surroundings) -> HTMLResponse:
    """Shows the sample of one cohort: the newest, unless another is asked for."""
    now, after = services.clock(), request.query_params.get("after", "")
    async with services.acts.desk.sessions() as session:
        cohort = request.query_params.get("cohort", "")
        there = await cohorts_to_choose(session, cohort)
        known = {row.id: name_of(row, there) for row in there}
        cohort = cohort or next(iter(known), "")
        if known and cohort not in known:
            raise NotFoundError
        if not known:
            return await _page(request, visitor.person, (), None, {})
        policy = await policy_of(session, cohort)
        counts = await sample_counts(session, visitor.asker, cohort, policy)
        after = after if after.isprintable() else ""
        found = await sample_of(session, visitor.asker, cohort, policy, now=now, after=after, limit=A_PAGE + 1)
    return await _page(request, visitor.person, found, _sample_shown(cohort, known[cohort], policy, counts), known)


async def _page(
    request: Request, me: str, found: tuple[Drawn, ...], shown: SampleShown | None, known: Mapping[str, str]
) -> HTMLResponse:
    page, cohort = found[:A_PAGE], shown.cohort if shown else ""
    following = urlencode({"cohort": cohort, "after": page[-1].nomination.id}) if len(found) > A_PAGE else ""
    return await render(
        request,
        "moderators/sample.html",
        title="Audit sample",
        area=AREA,
        crumbs=[HOME],
        sample=shown,
        rows=[drawn_shown(one, me) for one in page],
        form=Bound[Narrowing](typed={"cohort": cohort}),
        cohorts=[{"value": one, "text": name} for one, name in known.items()] if len(known) > 1 else [],
        first=f"/quality/sample?{urlencode({'cohort': cohort})}" if request.query_params.get("after") else "",
        following=f"/quality/sample?{following}" if following else "",
    )


def _sample_shown(cohort: str, name: str, policy: Policy, counts: SampleCounts) -> SampleShown:
    return SampleShown(
        cohort=cohort,
        name=name,
        share=f"{policy.quality.audit_share * 100:.3g}%",
        seed=policy.quality.audit_seed,
        counts=(
            CountShown(counts.waiting, "wait for a look"),
            CountShown(counts.looked_at, "looked at"),
            CountShown(counts.to_come, "not checked yet"),
            CountShown(counts.left, "ended without a look"),
        ),
    )


def drawn_shown(one: Drawn, me: str) -> DrawnShown:
    """A nomination of the sample, in words."""
    waits = _waits(one)
    return DrawnShown(
        number=one.nomination.id,
        state=_state(one),
        holder=holder_words(one.holder, me) if waits else "",
        free=waits and one.holder is None and not one.nomination.paused,
        mine=waits and one.holder is not None and one.holder.person == me,
    )


def _waits(one: Drawn) -> bool:
    open_flag = one.flag is not None and one.flag.resolution is None
    return open_flag and one.nomination.stage is Stage.QUALITY_ASSURANCE


def _state(one: Drawn) -> str:
    flag, stage = one.flag, Stage(one.nomination.stage)
    if flag is not None and flag.resolution is not None and flag.resolved_at is not None:
        return f"{RESOLUTIONS[Resolution(flag.resolution)]} on {day(flag.resolved_at)}"
    if stage in ENDS:
        return f"Ended without a look: {WORDS[stage]}"
    if flag is not None:
        return f"Waits for a look since {day(flag.raised_at)}"
    return f"Not checked yet: {WORDS[stage]}"
