"""The questions of equality monitoring, with where each comes from; data, not code.

Codes are those that NHS workforce data uses, so that answers can be compared with published figures. Every question
can be left out, and has an answer that says so.
"""

from dataclasses import dataclass

PREFER_NOT_TO_SAY = "Prefer not to say"


@dataclass(frozen=True)
class PossibleAnswer:
    """An answer: its code as it is stored, and its words."""

    code: str
    text: str


@dataclass(frozen=True)
class EqualityQuestion:
    """A question. ``several``: whether more than one answer may be given; ``alone``: answers that exclude others.

    ``declined`` is the code of "Prefer not to say", ``source`` where question and codes come from.
    """

    code: str
    text: str
    answers: tuple[PossibleAnswer, ...]
    declined: str
    source: str
    hint: str = ""
    several: bool = False
    alone: frozenset[str] = frozenset()

    def words_of(self, code: str) -> str:
        """An answer's words; the code itself where a later version no longer has it."""
        return next((one.text for one in self.answers if one.code == code), code)


def _answers(written: str, declined: str) -> tuple[PossibleAnswer, ...]:
    """Answers from lines of a code and its words, with "Prefer not to say" at the end."""
    pairs = [line.strip().split(" ", 1) for line in written.strip().splitlines()]
    return (*(PossibleAnswer(code, text) for code, text in pairs), PossibleAnswer(declined, PREFER_NOT_TO_SAY))


QUESTIONS: tuple[EqualityQuestion, ...] = (
    EqualityQuestion(
        code="age",
        text="How old are you?",
        answers=_answers(
            """
            under_30 Under 30
            30_39 30 to 39
            40_49 40 to 49
            50_59 50 to 59
            60_over 60 or over
            """,
            "not_said",
        ),
        declined="not_said",
        source="Assumption: bands of ten years, wide enough that a band does not point at a person.",
    ),
    EqualityQuestion(
        code="disability",
        text="Do you have a disability or a long-term condition that affects what you do from day to day?",
        hint="Select all that apply.",
        several=True,
        alone=frozenset({"NN", "ZZ"}),
        answers=_answers(
            """
            01 Behaviour and emotions
            02 Hearing
            03 Manual dexterity
            04 Memory, or ability to concentrate, learn or understand
            05 Mobility and gross motor skills
            06 Perception of physical danger
            07 Personal care and continence
            08 A progressive condition, or physical health
            09 Sight
            10 Speech
            XX Another disability or condition
            NN No disability or long-term condition
            """,
            "ZZ",
        ),
        declined="ZZ",
        source="NHS Data Dictionary, DISABILITY CODE.",
    ),
    EqualityQuestion(
        code="ethnicity",
        text="What is your ethnic group?",
        answers=_answers(
            """
            A White: English, Welsh, Scottish, Northern Irish or British
            B White: Irish
            C Any other White background
            D Mixed: White and Black Caribbean
            E Mixed: White and Black African
            F Mixed: White and Asian
            G Any other Mixed background
            H Indian
            J Pakistani
            K Bangladeshi
            L Any other Asian background
            M Caribbean
            N African
            P Any other Black background
            R Chinese
            S Any other ethnic group
            """,
            "Z",
        ),
        declined="Z",
        source=(
            "NHS Data Dictionary, ETHNIC CATEGORY: the 16+1 categories that are mandatory in NHS England. The "
            "harmonised standard of the Government Statistical Service also lists Gypsy or Irish Traveller, and Arab."
        ),
    ),
    EqualityQuestion(
        code="gender",
        text="Which of these best describes your gender?",
        answers=_answers(
            """
            1 Man, including trans man
            2 Woman, including trans woman
            3 Non-binary
            4 I describe it in another way
            """,
            "Z",
        ),
        declined="Z",
        source="NHS Data Dictionary, GENDER IDENTITY CODE.",
    ),
    EqualityQuestion(
        code="gender_same_as_at_birth",
        text="Is your gender the same as the sex you were registered with at birth?",
        answers=_answers(
            """
            Y Yes
            N No
            """,
            "Z",
        ),
        declined="Z",
        source="The harmonised question on gender identity of the Government Statistical Service (Census 2021).",
    ),
    EqualityQuestion(
        code="partnership",
        text="What is your legal marital or registered civil partnership status?",
        answers=_answers(
            """
            S Single: never married or in a civil partnership
            M Married, or in a civil partnership
            P Separated
            D Divorced, or a civil partnership that was dissolved
            W Widowed, or a surviving civil partner
            """,
            "N",
        ),
        declined="N",
        source="NHS Data Dictionary, PERSON MARITAL STATUS.",
    ),
    EqualityQuestion(
        code="religion",
        text="What is your religion or belief?",
        answers=_answers(
            """
            L No religion
            A Baha’i
            B Buddhist
            C Christian
            D Hindu
            E Jain
            F Jewish
            G Muslim
            H Pagan
            I Sikh
            J Zoroastrian
            K Another religion or belief
            """,
            "M",
        ),
        declined="M",
        source="NHS Data Dictionary, RELIGIOUS OR OTHER BELIEF SYSTEM AFFILIATION GROUP.",
    ),
    EqualityQuestion(
        code="sexual_orientation",
        text="Which of these best describes your sexual orientation?",
        answers=_answers(
            """
            1 Heterosexual or straight
            2 Gay or lesbian
            3 Bisexual
            4 I describe it in another way
            U I do not know, or I am not sure
            """,
            "Z",
        ),
        declined="Z",
        source="NHS information standard DCB2094, sexual orientation monitoring.",
    ),
)
"""The questions in the order they are asked."""
