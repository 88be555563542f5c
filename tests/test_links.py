"""Links in all Markdown lead somewhere; those to other sites are only looked at, not followed."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.pages import MARKDOWN, ROOT, anchors, links, name


@pytest.mark.parametrize("page", MARKDOWN, ids=name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        if urlsplit(link).scheme:
            continue
        target = (page.parent / unquote(path)).resolve() if path else page
        found = target.exists() and target.is_relative_to(ROOT)
        if not found or (anchor and unquote(anchor) not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", MARKDOWN, ids=name)
def test_links_to_other_sites_are_well_formed(page: Path) -> None:
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https", link
            assert "." in (parts.hostname or ""), link
            assert not any(character.isspace() for character in link), link


def test_the_index_leads_to_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    assert {page.name for page in index.parent.glob("*.md")} - {index.name} <= {*links(index)}
