"""The Markdown pages of the repository: their examples, links and headings."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

READMES = (ROOT / "README.md", ROOT / "README.zh-TW.md")

PAGES = [*(page for page in READMES if page.exists()), *sorted((ROOT / "docs").glob("*.md"))]
"""The pages for users: every example there is tried."""

MARKDOWN = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(
        part == "node_modules" or (part.startswith(".") and part != ".github")
        for part in path.relative_to(ROOT).parts
    )
)

_FENCE = re.compile(r"^```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """A block of code on a page. With a `title`, it is quoted from that file."""

    page: str
    language: str
    title: str | None
    code: str

    @property
    def uncommented(self) -> str:
        """Its code, which is the same in every language."""
        return re.sub(r" +#.*", "", self.code)


def english(page: Path) -> Path:
    """The page that a Chinese one translates; an English one is its own."""
    return page.with_name(page.name.replace(".zh-TW", ""))


def name(page: Path) -> str:
    """The page's path from the repository's root."""
    return page.relative_to(ROOT).as_posix()


def examples(page: Path) -> list[Example]:
    """The blocks of code on a page."""
    return [
        Example(name(page), language, title or None, code)
        for language, title, code in _FENCE.findall(page.read_text("utf-8"))
    ]


def sections(page: Path) -> dict[str, list[Example]]:
    """The blocks of code on a page, by the heading that they are under."""
    found: dict[str, list[Example]] = {"": []}
    heading = ""
    for match in re.finditer(
        rf"^#{{1,6}} +([^\n]+)$|{_FENCE.pattern}", page.read_text("utf-8"), _FENCE.flags
    ):
        if match[1]:
            heading = match[1]
        else:
            found.setdefault(heading, []).append(
                Example(name(page), match[2], match[3] or None, match[4])
            )
    return found


def in_code(names: Iterable[str]) -> str:
    """Names as a page lists them."""
    return ", ".join(f"`{name}`" for name in names)


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", page.read_text("utf-8"))


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures, as written."""
    text = re.sub(r"`[^`\n]*`", "`", prose(page))
    return [
        *re.findall(r"\]\(([^)]*)\)", text),
        *re.findall(r"^\[[^\]]+\]:\s*(.+)$", text, re.MULTILINE),
        *re.findall(r"<(https?:[^>]*)>", text),
    ]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+)$", prose(page), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        number = 0
        while (anchor := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(anchor)
    return found
