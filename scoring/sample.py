"""The audit sample: which nominations a moderator looks at although no rule flags them."""

from fractions import Fraction
from hashlib import sha256

from models.ids import NominationId


def in_audit_sample(nomination: NominationId, seed: str, share: float) -> bool:
    """Whether a nomination is in the sample, by the published seed.

    SHA-256 of ``<seed>:<nomination>``, read as a fraction of 2 to the 256th, lies below ``share`` (0 to 1). So
    nobody chooses, and anybody can recompute it: ``printf '%s' '<seed>:<nomination>' | sha256sum``.
    """
    return Fraction(draw(nomination, seed), 2**256) < Fraction(share)


def draw(nomination: NominationId, seed: str) -> int:
    """The nomination's number under a published seed: SHA-256 of ``<seed>:<nomination>``, below 2 to the 256th."""
    return int.from_bytes(sha256(f"{seed}:{nomination}".encode()).digest(), "big")
