"""Fields that are kept as they are typed: what static/save.js sends, and what it is answered."""

from collections.abc import Awaitable

from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse

from acts.drafting import AnswerChangedError, Kept
from acts.errors import RefusedError
from portal.characters import where_in_words
from portal.words import clock, restyled


def typed_in(sent: FormData) -> str:
    """What was typed into the field."""
    return "\n".join(part for part in sent.getlist("content") if not isinstance(part, UploadFile))


async def answer_of(saving: Awaitable[dict[str, Kept]], typed: str = "") -> JSONResponse:
    """Saves one field and says what came of it; ``typed`` is what is saved."""
    try:
        (saved,) = (await saving).values()
    except AnswerChangedError as error:
        theirs = error.theirs
        told = {"theirs": theirs.content, "revision": theirs.revision, "saved_at": clock(theirs.saved_at)}
        return JSONResponse(told, 409)
    except RefusedError as error:
        return JSONResponse({"sentence": where_in_words(restyled(str(error)), typed.strip())}, 422)
    return JSONResponse({"saved_at": clock(saved.saved_at), "revision": saved.revision})
