"""The pages of the documentation, read as what they are: Markdown with links, headings and commands."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = frozenset({".venv", "var", "node_modules", ".git"})

_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)


def every_page() -> list[Path]:
    """Every page of the project that people read, in order."""
    return [page for page in sorted(ROOT.rglob("*.md")) if not LEFT_OUT & set(page.relative_to(ROOT).parts)]


def without_code(text: str) -> str:
    return _CODE.sub("", _FENCE.sub("", text))


def links(text: str) -> list[str]:
    return _LINK.findall(without_code(text))


def anchors(text: str) -> set[str]:
    """The anchors GitHub gives to the headings of a page."""
    seen: dict[str, int] = {}
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
        again = seen.get(anchor, 0)
        seen[anchor] = again + 1
        found.add(f"{anchor}-{again}" if again else anchor)
    return found


def code(text: str) -> list[str]:
    """Every line of code a reader may copy: of blocks, and between backticks."""
    blocks = [match[0] for match in _FENCE.finditer(text)]
    lines = [line.strip() for block in blocks for line in block.splitlines()[1:-1]]
    return lines + [span.strip("`") for span in _CODE.findall(_FENCE.sub("", text))]
