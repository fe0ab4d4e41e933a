"""A nomination, from the day somebody is nominated to the day they are in the pool."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.enums import (
        Outcome,
        Stage,
        StageChange,
        Template,
    )
    from models.messages import (
        THE_SYSTEM,
        AssessmentStuck,
        CohortEnded,
        DecisionsReleased,
        NominationStart,
        NominationState,
        Notice,
        PanelNotFound,
        PanelReleased,
        PanelTakenBack,
        TakeBack,
        WindowMoved,
    )
    from rules.calendar import after
    from rules.stages import WITH_DEADLINE

from workflows.nomination_acts import NominationActs

UNDECIDED = frozenset({Stage.AWAITING_DECISION, Stage.DECIDED})
ASSESSING = frozenset({Stage.AWAITING_PANEL, Stage.SCORING, Stage.QUALITY_ASSURANCE})
"""From the panel to the board; a panel that is taken back is looked for again."""
RELEASES = {
    Outcome.ADMITTED: StageChange.RELEASE_ADMITTED,
    Outcome.RESERVED: StageChange.RELEASE_RESERVED,
    Outcome.NOT_ADMITTED: StageChange.RELEASE_NOT_ADMITTED,
}


@workflow.defn(name="nomination")
class NominationWorkflow(NominationActs):
    """Consent, application, screening, panel, scores, quality assurance, decision, release, the pool.

    Each step looks whether the nomination stands in its stage, and passes if it does not: so a withdrawal, at any
    time, runs through to the end, and a nomination let back in begins where it may.
    """

    @workflow.init
    def __init__(self, start: NominationStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: NominationStart) -> NominationState:
        """The life of a nomination, told in order."""
        await self._begin()
        await self._hear_consent()
        await self._take_application()
        await self._screen()
        while self._stage in ASSESSING:
            await self._find_panel()
            await self._collect_scores()
            await self._assure_quality()
        await self._hear_decision_and_release()
        await self._wait_on_reserve_list()
        await self._keep_place_until_cohort_ends()
        await self._close()
        return self.state()

    # The steps, in order

    async def _begin(self) -> None:
        """The nominee is invited; or, let back in after a lapse, told until when to apply."""
        if self._start.stage is Stage.APPLYING:
            self._stage = Stage.LAPSED
            due_at = self._start.due_at
            await self._go(StageChange.READMIT, due_at=due_at, by=self._start.by, reason=self._start.reason)
            return
        terms = self._start.terms
        self._consent_by = after(workflow.now(), terms.consent_within, terms.calendar.bank_holidays)
        due_at = self._nominees_deadline
        invitation = Notice(template=Template.INVITATION, to="nominee", due_at=due_at)
        self._deadline.set(due_at, terms.grace)
        await self._note("nominated", self._start.by, notices=(invitation,), reason=self._start.reason)
        self._show()

    async def _hear_consent(self) -> None:
        """The nominee agrees or declines, reminded on the way; silence until the deadline lapses."""
        await self._until_left(Stage.NOMINATED)

    async def _take_application(self) -> None:
        """The nominee submits, reminded on the way; silence until the deadline lapses."""
        await self._until_left(Stage.APPLYING)

    async def _screen(self) -> None:
        """The policy's rules pass an eligible nomination; what they do not pass, a person settles."""
        while self._stage is Stage.SCREENING:
            await self._not_paused()
            heard = self._endorsements
            found = await self._parking.surely("screening", self._apply_eligibility_rules)
            if found is None or not found.unmet:
                await self._go(StageChange.PASS_SCREENING)
            else:
                await self._until_screened_or_endorsed(heard)

    async def _until_screened_or_endorsed(self, endorsements: int) -> None:
        await self._until(lambda: self._stage is not Stage.SCREENING or self._endorsements > endorsements)

    async def _find_panel(self) -> None:
        """The cohort's allocation finds three assessors; if it cannot, a person is asked."""
        while self._stage is Stage.AWAITING_PANEL:
            await self._until(
                lambda: self._stage is not Stage.AWAITING_PANEL or bool(self._panel_found or self._panel_missing)
            )
            await self._not_paused()
            if self._panel_taken_back:
                self._forget_panel(self._panel_taken_back)
            elif self._panel_found:
                await self._go(StageChange.SEAT_PANEL)
            elif self._panel_missing:
                await self._ask_a_person_for_seats()

    def _forget_panel(self, message: PanelTakenBack) -> None:
        """Its seats are free again; those that a later run has found meanwhile stay."""
        self._panel_taken_back = None
        if self._panel_found and self._panel_found.run == message.run:
            self._panel_found = None

    async def _give_panel_back(self, message: PanelTakenBack) -> None:
        """Whoever was asked is told, paused or not, and the nomination waits for a panel again."""
        await self._panel.take_back(TakeBack(by=message.by))
        self._forget_panel(message)
        await self._go(StageChange.TAKE_BACK_PANEL, by=message.by)

    async def _collect_scores(self) -> None:
        """Every seat is offered, accepted and scored; who gives up is replaced."""
        while self._stage is Stage.SCORING:
            if self._panel_taken_back:
                await self._give_panel_back(self._panel_taken_back)
                continue
            if self._panel_found:
                self._panel.seat(self._panel_found.assessors)
                self._panel_found = None
            await self._until(
                lambda: (
                    self._stage is not Stage.SCORING
                    or self._panel.complete
                    or bool(self._panel_found or self._panel_missing or self._panel_taken_back)
                )
            )
            if self._panel_taken_back:
                continue
            await self._not_paused()
            if self._panel_missing:
                await self._ask_a_person_for_seats()
            elif self._panel.complete and not self._panel_found:
                await self._go(StageChange.COMPLETE_SCORES)

    async def _assure_quality(self) -> None:
        """The policy's rules raise flags; a moderator settles each before the board sees the scores."""
        while self._stage is Stage.QUALITY_ASSURANCE:
            await self._not_paused()
            quality = await self._parking.surely("quality assurance", self._apply_quality_rules)
            self._open_flags = quality.open_flags if quality else ()
            await self._until(lambda: self._stage is not Stage.QUALITY_ASSURANCE or not self._open_flags)
            await self._not_paused()
            if not self._open_flags:
                await self._go(StageChange.CONFIRM_QUALITY)

    async def _hear_decision_and_release(self) -> None:
        """The board decides, may think again, and releases all decisions together."""
        while self._stage in UNDECIDED:
            await self._until(lambda: self._stage not in UNDECIDED or self._may_release)
            if self._may_release and self._outcome and self._released:
                reserve_for, holidays = self._start.terms.reserve_for, self._start.terms.calendar.bank_holidays
                reserved = self._outcome is Outcome.RESERVED
                until = after(self._released.released_at, reserve_for, holidays) if reserved else None
                await self._go(RELEASES[self._outcome], due_at=until, by=self._released.by)

    async def _wait_on_reserve_list(self) -> None:
        """A reserved nominee moves up by the board's decision, until the reserve list closes."""
        await self._until_left(Stage.RESERVED)

    async def _keep_place_until_cohort_ends(self) -> None:
        """A place given up before the cohort ends goes to the reserve list."""
        if self._stage is Stage.IN_POOL:
            await self._until(lambda: self._stage is not Stage.IN_POOL or self._cohort_ended)

    async def _close(self) -> None:
        """Nobody is left at work, and every message has been answered."""
        self._parking.abandon()
        await self._panel.close()
        await workflow.wait_condition(workflow.all_handlers_finished)

    # What the cohort, its allocation and the assessments say

    @workflow.signal
    async def window_moved(self, message: WindowMoved | None = None) -> None:
        """The window closes at another time; whoever has not applied yet is told."""
        if message is None:
            return

        async def follow() -> None:
            async with self._one_at_a_time:
                self._closes_at = message.closes_at
                due_at = self._nominees_deadline
                if self._stage not in WITH_DEADLINE or due_at == self._deadline.due_at:
                    return
                letter = Notice(template=Template.DEADLINE_MOVED, to="nominee", due_at=due_at)
                await self._record("window moved", THE_SYSTEM, due_at=due_at, notices=(letter,))
                self._deadline.set(due_at, self._start.terms.grace)
                self._show()

        await self._parking.surely("window moved", follow)

    @workflow.signal
    def decisions_released(self, message: DecisionsReleased | None = None) -> None:
        """The board has released all decisions."""
        self._released = message or self._released

    @workflow.signal
    def cohort_ended(self, message: CohortEnded | None = None) -> None:
        """The cohort has ended."""
        self._cohort_ended = self._cohort_ended or message is not None

    @workflow.signal
    def panel_released(self, message: PanelReleased | None = None) -> None:
        """An allocation run has found assessors, for all seats or for those that were asked for."""
        if message is not None:
            # Two replacements may be found before the first is seated, while the nomination is paused.
            # What was found before a panel was taken back went with it.
            kept = self._panel_found if self._panel_taken_back is None else None
            before = kept.assessors if kept else ()
            self._panel_found = message.model_copy(update={"assessors": before + message.assessors})
            if self._stage is Stage.AWAITING_PANEL:
                # The whole panel: what an earlier run could not find is no longer missing.
                self._panel_missing = None
            self._parking.settle("panel")

    @workflow.signal
    def panel_taken_back(self, message: PanelTakenBack | None = None) -> None:
        """The run that found the panel was undone before anybody answered."""
        self._panel_taken_back = message or self._panel_taken_back

    @workflow.signal
    def panel_not_found(self, message: PanelNotFound | None = None) -> None:
        """An allocation run has found that the seats cannot be filled as things stand."""
        if message is not None:
            self._note_missing(message)

    @workflow.signal
    async def assessment_stuck(self, message: AssessmentStuck | None = None) -> None:
        """One of the assessments needs attention, or no longer does."""
        if message is not None:
            self._stuck = message if message.attention else None
            await self._note_attention(message.attention)
