"""The scores of an assessment as they are being typed: drafts of a page, and what was saved or submitted before."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.tables import Score, ScoreDraft


@dataclass(frozen=True)
class KeptField:
    """One field of the scores as it stands; ``revision`` is its draft's, 0 where it was never typed in a page."""

    content: str
    revision: int
    saved_at: datetime


async def score_fields(session: AsyncSession, assessment: str) -> dict[str, KeptField]:
    """Every field of an assessment's scores, ``<criterion>.value`` and ``<criterion>.evidence``, as it stands.

    What was typed last holds: a draft of a page, or a score that was saved or submitted after it.
    """
    drafts = await session.exec(select(ScoreDraft).where(col(ScoreDraft.assessment_id) == assessment))
    kept = {one.field: KeptField(one.content, one.revision, one.saved_at) for one in drafts}
    scores = await session.exec(select(Score).where(col(Score.assessment_id) == assessment))
    for score in scores:
        for part, content in (("value", str(score.value)), ("evidence", score.evidence)):
            field = f"{score.criterion}.{part}"
            draft = kept.get(field)
            if draft is None or draft.saved_at <= score.saved_at:
                kept[field] = KeptField(content, draft.revision if draft else 0, score.saved_at)
    return kept
