"""Who assesses whom: a problem in, a proposal with its reasons and its proof out.

Pure: no clock, no database, no randomness but the published seed.
"""

from allocation.certified import certified
from allocation.check import Violation, violations
from allocation.clashes import Clash, Mend, clash, staffable
from allocation.compare import Comparison, PanelChange, compare
from allocation.problem import (
    ROLES,
    AllocationProblem,
    AllocationResult,
    AssessorSupply,
    CompositionRule,
    MalformedProblemError,
    NominationDemand,
    PanelRules,
    Seat,
    Status,
    Unstaffed,
    Weights,
)
from allocation.proposal import Certificate, Placed, Proposal
from allocation.propose import propose
from allocation.repair import Repair, repaired
from allocation.rules import Bar, bars
from allocation.solver import solve
from allocation.standing import Standing
from allocation.what_if import Forecast, Habits, forecast
from allocation.why import WhyNot, Whys

__all__ = [
    "ROLES",
    "AllocationProblem",
    "AllocationResult",
    "AssessorSupply",
    "Bar",
    "Certificate",
    "Clash",
    "Comparison",
    "CompositionRule",
    "Forecast",
    "Habits",
    "MalformedProblemError",
    "Mend",
    "NominationDemand",
    "PanelChange",
    "PanelRules",
    "Placed",
    "Proposal",
    "Repair",
    "Seat",
    "Standing",
    "Status",
    "Unstaffed",
    "Violation",
    "Weights",
    "WhyNot",
    "Whys",
    "bars",
    "certified",
    "clash",
    "compare",
    "forecast",
    "propose",
    "repaired",
    "solve",
    "staffable",
    "violations",
]
