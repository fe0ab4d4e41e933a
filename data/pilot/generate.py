"""Writes the pilot cohort's people as CSV files: assessors, nominations, applications and officers.

Everybody in them is invented; only the organisations are real. The files come out byte for byte the same on
every run and every version of Python, because all chance is drawn from `random.Random.random`, whose sequence
Python promises to keep. Nothing but the standard library is needed:

    python data/pilot/generate.py                 # rewrites the files beside this script
    python data/pilot/generate.py --to some/folder
"""

import argparse
import csv
import json
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).resolve().parent
SEED = 20180901
PARTICIPATING_TRUSTS, PARTICIPATING_CCGS, NOMINATIONS = 24, 18, 120
ASSESSORS = {"chief_executive": 17, "accountable_officer": 12, "non_executive_director": 33, "chair": 19}
CAPACITIES = {3: 3, 4: 5, 5: 9, 6: 50, 7: 8, 8: 6}
OFFICERS = {"moderator": 3, "board": 5, "operations": 3, "inclusion_adviser": 1}
SELF_NOMINATIONS = 34
NOT_YET_ENDORSED = 4
NOT_ELIGIBLE = {"employed_in_region": 1, "reports_to_board": 3, "next_step_executive": 2}
CONFLICT_KINDS = (
    "line_management",
    "mentoring",
    "close_friendship",
    "business",
    "family",
    "mentoring",
    "line_management",
)
CRITERIA = (
    "quality_outcomes",
    "strategy_transformation",
    "equality_inclusion",
    "governance_assurance",
    "compassionate_culture",
    "partnerships",
)

T = TypeVar("T")


class Draw:
    """Chance that repeats: built on `random.Random.random` alone."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- it has to repeat, not to surprise

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, ``limit``."""
        return int(self._random.random() * limit)

    def between(self, lowest: int, highest: int) -> int:
        """A whole number from ``lowest`` to ``highest``, both included."""
        return lowest + self.below(highest - lowest + 1)

    def chance(self, share: float) -> bool:
        """True in this share of draws, 0 to 1."""
        return self._random.random() < share

    def pick(self, among: Sequence[T]) -> T:
        """One of them."""
        return among[self.below(len(among))]

    def some(self, among: Sequence[T], count: int) -> list[T]:
        """``count`` different ones, in the order drawn."""
        left = list(among)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]


@dataclass(frozen=True)
class Organisation:
    """A real organisation of the region."""

    code: str
    type: str
    system: str

    @property
    def kind(self) -> str:
        """``ccg`` or ``trust``."""
        return "ccg" if self.type == "ccg" else "trust"


@dataclass(frozen=True)
class Person:
    """An invented person."""

    name: str
    email: str
    post: str


@dataclass
class Region:
    """Everybody made so far, so that no two share a name and no organisation has two chief executives."""

    draw: Draw
    phrases: dict[str, dict[str, list[str]]]
    names: dict[str, list[str]]
    organisations: list[Organisation]
    taken: set[str] = field(default_factory=set)
    heads: dict[str, Person] = field(default_factory=dict)

    def person(self, post: str) -> Person:
        """Somebody new in this post."""
        while True:
            first, last = self.draw.pick(self.names["first_names"]), self.draw.pick(self.names["surnames"])
            plain = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode().lower()
            email = plain.replace("'", "") + "@example.nhs.test"
            if email not in self.taken:
                self.taken.add(email)
                return Person(f"{first} {last}", email, post)

    def head(self, organisation: Organisation) -> Person:
        """The chief executive of a trust, the accountable officer of a CCG: one for each."""
        if organisation.code not in self.heads:
            post = "Accountable Officer" if organisation.kind == "ccg" else "Chief Executive"
            self.heads[organisation.code] = self.person(post)
        return self.heads[organisation.code]

    def interests(self, organisation: Organisation) -> str:
        """Two of the sector's subjects and one or two general ones."""
        chosen = self.draw.some(self.phrases["interests"][organisation.type], 2)
        return ";".join(chosen + self.draw.some(self.phrases["interests"]["any"], self.draw.between(1, 2)))

    def earlier(self, home: Organisation, share: float) -> str:
        """Organisations left in the last eight years, with the last day there."""
        if not self.draw.chance(share):
            return ""
        others = [organisation for organisation in self.organisations if organisation.code != home.code]
        left, parts = date(2018, 3, 31), []
        for organisation in self.draw.some(others, self.draw.between(1, 2)):
            left -= timedelta(days=self.draw.between(60, 1400))
            parts.append(f"{organisation.code} {left.isoformat()}")
        return ";".join(parts)


def read_organisations() -> list[Organisation]:
    """The region's organisations, in the file's order."""
    with (HERE / "organisations.csv").open(encoding="utf-8", newline="") as lines:
        return [Organisation(row["code"], row["type"], row["system_code"]) for row in csv.DictReader(lines)]


def participants(region: Region) -> list[Organisation]:
    """42 organisations, drawn so that every system takes part before one takes part often."""
    chosen: list[Organisation] = []
    for kind, count in (("trust", PARTICIPATING_TRUSTS), ("ccg", PARTICIPATING_CCGS)):
        left = region.draw.some([o for o in region.organisations if o.kind == kind], len(region.organisations))
        for _ in range(count):
            seen = [organisation.system for organisation in chosen]
            left.sort(key=lambda organisation: seen.count(organisation.system))
            chosen.append(left.pop(0))
    return sorted(chosen, key=lambda organisation: organisation.code)


def availability(draw: Draw) -> str:
    """Days on which an assessor can assess, in the autumn of 2018."""
    begins = date(2018, 10, 1) if draw.chance(0.8) else date(2018, 10, 1) + timedelta(days=7 * draw.between(1, 2))
    ends = date(2018, 12, 21) if draw.chance(0.85) else date(2018, 11, 30)
    if draw.chance(0.75):
        return f"{begins} to {ends}"
    away = date(2018, 10, 22) + timedelta(days=7 * draw.between(0, 2))
    return f"{begins} to {away - timedelta(days=1)};{away + timedelta(days=draw.between(7, 12))} to {ends}"


def training_expires(draw: Draw) -> str:
    """Until when the training lasts; empty where nobody wrote it down, as for one in ten.

    Assumed: it lasts for three years, everybody took it between 2016 and the summer of 2018, and nobody's ends while
    the cohort is assessed.
    """
    if draw.chance(0.1):
        return ""
    return str(date(2019, 1, 31) + timedelta(days=draw.between(0, 940)))


def assessor_posts(region: Region, taking_part: list[Organisation]) -> list[tuple[str, Organisation, Person]]:
    """Who is on the register: one head and one chair at most from an organisation, at most two non-executives."""
    likelier = [*taking_part, *region.organisations]
    found: list[tuple[str, Organisation, Person]] = []
    for role, count in ASSESSORS.items():
        homes: list[str] = []
        while len(homes) < count:
            home = region.draw.pick(likelier)
            needed_kind = {"chief_executive": "trust", "accountable_officer": "ccg"}.get(role, home.kind)
            if home.kind != needed_kind or homes.count(home.code) >= (2 if role == "non_executive_director" else 1):
                continue
            homes.append(home.code)
            if role in {"chief_executive", "accountable_officer"}:
                person = region.head(home)
            elif role == "chair":
                person = region.person("Chair" if home.kind == "trust" else "Clinical Chair")
            else:
                person = region.person(region.draw.pick(region.phrases["non_executive_posts"][home.kind]))
            found.append((role, home, person))
    return region.draw.some(found, len(found))


def assessors(region: Region, taking_part: list[Organisation]) -> list[dict[str, str]]:
    """The register of assessors."""
    # Training has its chance apart, so that it changes nobody and nothing else.
    trained = Draw(SEED + 1)
    capacities = region.draw.some([size for size, count in CAPACITIES.items() for _ in range(count)], 81)
    return [
        {
            "reference": f"A-{number:03}",
            "full_name": person.name,
            "email": person.email,
            "role": role,
            "organisation": home.code,
            "post": person.post,
            "previous_organisations": region.earlier(home, 0.45),
            "interests": region.interests(home),
            "capacity": str(capacities[number - 1]),
            "availability": availability(region.draw),
            "training_expires": training_expires(trained),
            "declared_conflicts": "",
        }
        for number, (role, home, person) in enumerate(assessor_posts(region, taking_part), start=1)
    ]


def fill(region: Region, template: str, fixed: dict[str, str]) -> str:
    """A sentence with its gaps filled; slots that are fixed keep one value through a whole statement."""
    draw = region.draw
    chosen = {
        **{slot: draw.pick(values) for slot, values in region.phrases["slots"].items()},
        "since": str(draw.between(2014, 2017)),
        "months": str(draw.between(5, 18)),
        "years": draw.pick(("two", "three", "four", "six")),
        "people": str(10 * draw.between(3, 40)),
        "money": f"{draw.between(11, 94) / 10:.1f}",
        "percent": str(draw.between(8, 34)),
        "count": draw.pick(("five", "six", "seven", "eight", "nine", "ten")),
        "few": draw.pick(("two", "three", "four")),
        **fixed,
    }
    sentence = template.format(**chosen)
    return sentence[0].upper() + sentence[1:]


def statement(region: Region, criterion: dict[str, list[str]], openings: list[str]) -> str:
    """60 to 150 words on one criterion: what was so, what I did, what came of it, what I learned."""
    draw = region.draw
    fixed = {slot: draw.pick(values) for slot, values in region.phrases["slots"].items()}
    parts = [draw.pick(openings), *draw.some(criterion["actions"], draw.between(2, 3))]
    parts += draw.some(criterion["results"], draw.between(1, 2))
    if draw.chance(0.8):
        parts.append(draw.pick(criterion["reflections"]))
    text = " ".join(fill(region, part, fixed) for part in parts)
    return text if 60 <= len(text.split()) <= 150 else statement(region, criterion, openings)


def endorsement(region: Region, nominee: Person) -> str:
    """A few sentences of support."""
    wording = region.phrases["endorsements"]
    fixed = {"first": nominee.name.split()[0], "service": region.draw.pick(region.phrases["slots"]["service"])}
    parts = [region.draw.pick(wording["openings"]), *region.draw.some(wording["grounds"], 2)]
    return " ".join(fill(region, part, fixed) for part in [*parts, region.draw.pick(wording["closings"])])


def shares(draw: Draw, count: int, total: int) -> list[int]:
    """``total`` nominations over ``count`` organisations: one each at least, six at most."""
    sizes = [1] * count
    while sum(sizes) < total:
        index = draw.below(count)
        if sizes[index] < 6:
            sizes[index] += 1
    return sizes


def nominations(
    region: Region, taking_part: list[Organisation], nominators: dict[str, Person]
) -> list[dict[str, str]]:
    """The nominations of both routes, each with who nominates and who endorses."""
    draw = region.draw
    selves = set(draw.some(range(NOMINATIONS), SELF_NOMINATIONS))
    unendorsed = set(draw.some(sorted(selves), NOT_YET_ENDORSED))
    rows: list[dict[str, str]] = []
    for home, size in zip(taking_part, shares(draw, len(taking_part), NOMINATIONS), strict=True):
        director = region.person(draw.pick(region.phrases["director_posts"][home.kind]))
        for number in range(1, size + 1):
            own, alone = len(rows) in selves, len(rows) in unendorsed
            nominee = region.person(draw.pick(region.phrases["nominee_posts"][home.kind]))
            by_head = draw.chance(0.6)
            endorser = region.head(home) if by_head else director
            head_post = "accountable_officer" if home.kind == "ccg" else "chief_executive"
            rows.append(
                {
                    "reference": f"{home.code}-{number}",
                    "organisation": home.code,
                    "route": "self" if own else "organisation",
                    "nominator_email": "" if own else nominators[home.code].email,
                    "nominee_name": nominee.name,
                    "nominee_email": nominee.email,
                    "current_post": nominee.post,
                    "readiness": draw.pick(("ready_now",) * 5 + ("6_to_12_months",) * 3 + ("1_to_2_years",) * 2),
                    "interests": region.interests(home),
                    "previous_organisations": region.earlier(home, 0.6),
                    "endorser_name": "" if alone else endorser.name,
                    "endorser_email": "" if alone else endorser.email,
                    "endorser_post": "" if alone else head_post if by_head else "executive_director",
                    "endorser_organisation": "" if alone else home.code,
                    "endorsement": "" if alone else endorsement(region, nominee),
                }
            )
    return rows


def applications(
    region: Region, nominated: list[dict[str, str]], grammar: dict[str, dict[str, list[str]]], openings: list[str]
) -> list[dict[str, str]]:
    """For each nomination, the application as the nominee would type it."""
    draw = region.draw
    failing = draw.some(range(len(nominated)), sum(NOT_ELIGIBLE.values()))
    facts = dict(zip(failing, [fact for fact, count in NOT_ELIGIBLE.items() for _ in range(count)], strict=True))
    return [
        {
            "reference": nomination["reference"],
            **{fact: "no" if facts.get(index) == fact else "yes" for fact in NOT_ELIGIBLE},
            **{code: statement(region, grammar[code], openings) for code in CRITERIA},
            "readiness": nomination["readiness"],
            "development_needs": " ".join(draw.some(region.names["development_needs"], draw.between(1, 2))),
            "adjustments": draw.pick(region.names["adjustments"]) if draw.chance(0.08) else "",
        }
        for index, nomination in enumerate(nominated)
    ]


def officers(region: Region, nominators: dict[str, Person]) -> list[dict[str, str]]:
    """Those who run the cohort, and one nominator for each organisation that takes part."""
    rows = [
        (
            role,
            "",
            region.person(region.phrases["officer_posts"][role][number % len(region.phrases["officer_posts"][role])]),
        )
        for role, count in OFFICERS.items()
        for number in range(count)
    ]
    rows += [("nominator", code, person) for code, person in sorted(nominators.items())]
    return [
        {"full_name": who.name, "email": who.email, "post": who.post, "role": role, "organisation": code}
        for role, code, who in rows
    ]


def declare_conflicts(draw: Draw, register: list[dict[str, str]], nominated: list[dict[str, str]]) -> None:
    """A few relationships that no other column would show."""
    for kind, assessor in zip(CONFLICT_KINDS, draw.some(register, len(CONFLICT_KINDS)), strict=True):
        strangers = [row for row in nominated if row["organisation"] != assessor["organisation"]]
        assessor["declared_conflicts"] = f"{draw.pick(strangers)['reference']} {kind}"


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Write one file: UTF-8, a header row, quotes only where they are needed."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Write the four files."""
    parser = argparse.ArgumentParser(description="Write the pilot cohort's invented people as CSV files.")
    parser.add_argument(
        "--to", type=Path, default=HERE, help="the folder to write to; this script's own if not given"
    )
    folder: Path = parser.parse_args().to
    words = json.loads((HERE / "phrases.json").read_text(encoding="utf-8"))
    plain = {name: part for name, part in words.items() if isinstance(part, list)}
    grouped = {name: part for name, part in words.items() if isinstance(part, dict) and name != "criteria"}
    region = Region(Draw(SEED), grouped, plain, read_organisations())
    taking_part = participants(region)
    register = assessors(region, taking_part)
    nominators = {home.code: region.person(region.draw.pick(plain["nominator_posts"])) for home in taking_part}
    nominated = nominations(region, taking_part, nominators)
    declare_conflicts(region.draw, register, nominated)
    write(folder / "assessors.csv", register)
    write(folder / "nominations.csv", nominated)
    write(folder / "applications.csv", applications(region, nominated, words["criteria"], words["openings"]))
    write(folder / "officers.csv", officers(region, nominators))


if __name__ == "__main__":
    main()
