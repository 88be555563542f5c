"""The HTML of both APIs' pages about their operations."""

from html import escape

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto }}
body {{ padding: 0 1rem }}
pre {{ background: #f3f4f6; color: #111; padding: 1rem; overflow-x: auto; font-size: 14px }}
dt {{ margin-top: .75rem; font-weight: bold }}
dd {{ margin-left: 0 }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def html_page(title: str, body: str) -> str:
    """A page; `title` is text, `body` is HTML."""
    return _PAGE.format(title=escape(title), body=body)
