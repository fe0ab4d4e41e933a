"""A cohort's policy: every number and rule of the process, as versioned data.

A policy is written by people as TOML (data/pilot/policy.toml is the pilot's). What the source documents do not
state is listed under ``assumptions`` with its origin, and shown so by ``starter.py policy show``.
"""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from models.enums import AllocationMode, AssessorProperty, AssessorRole
from models.ids import CohortName
from models.spans import Span

LONDON = ZoneInfo("Europe/London")
HardRule = Literal[
    "organisation", "endorser", "declared", "availability", "training", "composition", "capacity", "week", "pairs",
]  # fmt: skip
"""The hard rules of panels that a policy can switch off."""


class PolicyPart(BaseModel):
    """A part of a policy: fixed once read, and strict about names nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CohortPolicy(PolicyPart):
    """Which round this is."""

    id: CohortName
    name: str = Field(min_length=1, max_length=120)
    region: str = Field(min_length=1, max_length=120)


class WindowPolicy(PolicyPart):
    """When nominations and applications are taken.

    ``opens`` and ``closes`` are moments in Europe/London, or spans: ``opens`` after the cohort is created,
    ``closes`` after it opens. ``grace`` is how long after closing a nomination or an application is still taken
    without anybody's leave. ``ends`` is how long after release the cohort stays together before it ends.
    """

    opens: datetime | Span
    closes: datetime | Span
    grace: Span
    ends: Span

    @field_validator("opens", "closes")
    @classmethod
    def _in_london(cls, moment: object) -> object:
        if isinstance(moment, datetime) and moment.tzinfo is None:
            return moment.replace(tzinfo=LONDON)
        return moment

    @model_validator(mode="after")
    def _closes_after_opening(self) -> Self:
        if isinstance(self.opens, datetime) and isinstance(self.closes, datetime) and self.closes <= self.opens:
            raise ValueError("the window must close after it opens: mend window.opens or window.closes")
        return self


class NominationPolicy(PolicyPart):
    """How a nomination begins: whether people may nominate themselves, and how long consent may take."""

    self_nomination: bool
    consent_within: Span


class EligibilityPolicy(PolicyPart):
    """Which facts an application must show; each can be switched off."""

    employed_in_region: bool
    reports_to_board: bool
    next_step_executive: bool
    endorsed: bool


class CompositionRule(PolicyPart):
    """At least, or at most, so many of a panel's assessors hold one of these posts."""

    name: str
    roles: frozenset[AssessorRole] = Field(min_length=1)
    at_least: int = Field(ge=0, default=0)
    at_most: int | None = Field(ge=0, default=None)


class PanelPolicy(PolicyPart):
    """Who may sit on a panel. ``conflict_years``: how long a shared employer bars an assessor.

    Assessments take place from ``assessed_from`` to ``assessed_until``, both included; an assessor must be available
    on ``min_days_available`` of these days; with ``together`` all members in one week. The same two assessors meet on
    ``pair_most`` panels at most, where it is set. ``anonymous``: the panel is not told the nominee's name, and reads
    applications in their redacted form.
    """

    size: int = Field(ge=1, le=9)
    composition: tuple[CompositionRule, ...]
    conflict_years: int = Field(ge=0, le=20)
    assessed_from: date
    assessed_until: date
    min_days_available: int = Field(ge=0, default=1)
    together: bool = False
    pair_most: int | None = Field(ge=1, default=None)
    anonymous: bool = False

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.assessed_until < self.assessed_from:
            raise ValueError(
                "the assessments end before they begin: mend panel.assessed_from or panel.assessed_until"
            )
        return self


class AssessorPolicy(PolicyPart):
    """What is asked of an assessor. ``capacity``: most assessments in the cohort, unless the register says less.

    ``week_most``: most assessments in any week, where it is set. ``score_grace`` is how long overdue scores are still
    waited for before another assessor is asked.
    """

    capacity: int = Field(ge=1)
    week_most: int | None = Field(ge=1, default=None)
    answer_within: Span
    score_within: Span
    score_grace: Span


class AllocationPolicy(PolicyPart):
    """When panels are solved, whether a person releases the run, and what a good panel is.

    Weights are points without a unit: only their ratios matter. ``weight_sector`` is what it costs to have no
    experience of the nominee's sector, ``weight_role`` to have another role than those to which the post sought
    reports. Of the costs of nearness (``weight_same_system``, ``_office``, ``_region``) the closest that two share
    counts; below 0 it is worth something to be near. ``weight_mixed`` is what a panel is worth of whom
    some but not all have one of the ``mixed_properties``, as far as they agreed to the use of that. ``keep_seat`` is
    what keeping a seat is worth in a repair; without it nothing outweighs a kept seat. ``aim``: whether the worst-off
    panel's fit comes first, or the total. ``rules_off``: hard rules that are switched off, by name.
    """

    mode: AllocationMode
    interval: Span
    released_by_operations: bool
    weight_interest: float = Field(ge=0)
    weight_sector: float = Field(ge=0, default=0.0)
    weight_role: float = Field(ge=0, default=0.0)
    weight_same_system: float
    weight_same_office: float = 0.0
    weight_same_region: float = 0.0
    weight_even_load: float = Field(ge=0)
    weight_mixed: float = Field(ge=0, default=0.0)
    mixed_properties: frozenset[AssessorProperty] = frozenset()
    weight_repeat: float = Field(ge=0, default=0.0)
    keep_seat: float | None = Field(ge=0, default=None)
    aim: Literal["floor", "total"] = "floor"
    rules_off: frozenset[HardRule] = frozenset()
    seed: str = Field(min_length=1)


class HabitsPolicy(PolicyPart):
    """How assessors are taken to behave when a cohort is played through; nothing else is decided by it.

    ``accept`` is the share of offers accepted, ``silent`` the share of the others that are never answered.
    ``answer_days`` are usual working days to an answer, ``time_used`` the share of the time for scores usually taken.
    """

    accept: float = Field(gt=0, le=1, default=0.85)
    silent: float = Field(ge=0, le=1, default=0.3)
    answer_days: float = Field(gt=0, default=1.5)
    time_used: float = Field(gt=0, default=0.7)


class Criterion(PolicyPart):
    """One criterion of the success profile; weights are relative to one another."""

    code: str = Field(pattern=r"^[a-z][a-z_]{1,30}$")
    name: str
    weight: float = Field(gt=0)


class ScoringPolicy(PolicyPart):
    """The scale and the success profile. ``labels`` name each point from ``lowest`` to ``highest``."""

    lowest: int
    highest: int
    labels: tuple[str, ...]
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    evidence_min_words: int = Field(ge=0)

    @model_validator(mode="after")
    def _a_label_for_each_point(self) -> Self:
        points = self.highest - self.lowest + 1
        if points < 2:
            raise ValueError("scoring.highest must be above scoring.lowest")
        if len(self.labels) != points:
            raise ValueError(f"scoring.labels needs {points} labels, one for each point; it has {len(self.labels)}")
        if len({criterion.code for criterion in self.criteria}) != len(self.criteria):
            raise ValueError("two scoring.criteria have the same code")
        return self


class QualityPolicy(PolicyPart):
    """When a moderator must look: spreads in points of the scale; ``audit_share`` of nominations, 0 to 1."""

    criterion_spread: float = Field(gt=0)
    mean_spread: float = Field(gt=0)
    audit_share: float = Field(ge=0, le=1)
    audit_seed: str = Field(min_length=1)


class AdmissionPolicy(PolicyPart):
    """How many places there are, how the reserve list works, and how a decision is made.

    ``standard`` is the mean score below which the proposed order suggests no place, in points of the scale.
    ``two_people``: the person who approves a decision is not the one who drafted it.
    """

    places: int = Field(ge=0)
    reserve_places: int = Field(ge=0)
    standard: float
    confidence: float = Field(gt=0, lt=1)
    tie_seed: str = Field(min_length=1)
    two_people: bool
    reserve_for: Span


class MembershipPolicy(PolicyPart):
    """What follows admission, and how long an unsuccessful application is kept."""

    lasts: Span
    readiness_review_every: Span
    unsuccessful_kept_for: Span


class ReminderPolicy(PolicyPart):
    """When people are reminded, before each deadline."""

    before: tuple[Span, ...]


class TimingPolicy(PolicyPart):
    """How often the cohort looks whether a phase is over."""

    roll_call_every: Span


class Policy(PolicyPart):
    """Everything a cohort is run by. ``assumptions`` maps a dotted name to where its value comes from."""

    cohort: CohortPolicy
    window: WindowPolicy
    nomination: NominationPolicy
    eligibility: EligibilityPolicy
    panel: PanelPolicy
    assessors: AssessorPolicy
    allocation: AllocationPolicy
    habits: HabitsPolicy = HabitsPolicy()
    scoring: ScoringPolicy
    quality: QualityPolicy
    admission: AdmissionPolicy
    membership: MembershipPolicy
    reminders: ReminderPolicy
    timing: TimingPolicy
    bank_holidays: frozenset[date] = frozenset()
    assumptions: dict[Annotated[str, Field(min_length=3)], str] = {}

    @model_validator(mode="after")
    def _assumptions_name_something(self) -> Self:
        for dotted in self.assumptions:
            part: object = self
            for name in dotted.split("."):
                if not hasattr(part, name):
                    raise ValueError(f"assumptions names '{dotted}', which the policy does not have")
                part = getattr(part, name)
        return self

    @model_validator(mode="after")
    def _composition_fits(self) -> Self:
        needed = sum(rule.at_least for rule in self.panel.composition)
        if needed > self.panel.size:
            raise ValueError(
                f"panel.composition asks for {needed} assessors on a panel of {self.panel.size}: "
                "lower an at_least or raise panel.size"
            )
        return self

    @model_validator(mode="after")
    def _assessments_outlast_the_window(self) -> Self:
        # A window of spans is known only once the cohort is created, and a compressed month is over in seconds.
        closes, until = self.window.closes, self.panel.assessed_until
        if isinstance(closes, datetime) and until < closes.astimezone(LONDON).date():
            raise ValueError(
                f"the assessments end on {until}, before the window closes on {closes.astimezone(LONDON).date()}: "
                "mend panel.assessed_from and panel.assessed_until, or window.closes"
            )
        return self
