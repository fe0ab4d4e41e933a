"""Fingerprints of what is stored."""

import hashlib
import json
from collections.abc import Mapping


def fingerprint(content: Mapping[str, object]) -> str:
    """The SHA-256 of a document, in hexadecimal; the same for the same content in any order."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
