"""Who assesses whom: a problem in, a proposal with its reasons and its proof out.

Pure: no clock, no database, no randomness but the published seed.
"""

from allocation.check import Violation, violations
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
from allocation.rules import Bar, bars
from allocation.solver import solve

__all__ = [
    "ROLES",
    "AllocationProblem",
    "AllocationResult",
    "AssessorSupply",
    "Bar",
    "Comparison",
    "CompositionRule",
    "MalformedProblemError",
    "NominationDemand",
    "PanelChange",
    "PanelRules",
    "Seat",
    "Status",
    "Unstaffed",
    "Violation",
    "Weights",
    "bars",
    "compare",
    "solve",
    "violations",
]
