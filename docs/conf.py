"""The built site: Sphinx over the pages as they are, plain Markdown with links between files.

`sphinx-build -W docs build/site` builds it; `.ci/docs` does so in an environment of its own.
"""

import os
import re
from typing import Any

REPOSITORY = os.environ.get("GITHUB_REPOSITORY")
"""`owner/name`, in GitHub's workflows. Without it, a link to a file outside docs/ is plain text."""

project = "fake-every8d"
copyright = "the authors of fake-every8d"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = project
exclude_patterns: list[str] = []
nitpicky = True
# Down to the clauses of the contract.
myst_heading_anchors = 4


def adapt(app: Any, name: str, source: list[str]) -> None:
    """Make of a page for a code host one for the site.

    What the index links to, section by section, is the site's navigation; and a link to a file
    outside docs/ leads to the repository, or is its text alone if that is not known.
    """
    text = source[0]
    if name == "index":
        for title, section in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.M):
            pages = "\n".join(re.findall(r"\]\(([\w.-]+)\.md\)", section))
            text += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"
    in_repository = rf"[\1](https://github.com/{REPOSITORY}/blob/main/\2)" if REPOSITORY else r"\1"
    source[0] = re.sub(r"\[([^\]\n]+)\]\(\.\./([^)\n]+)\)", in_repository, text)


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", adapt)
