"""The guide at `/fake/`, a page of text."""

from collections.abc import Collection
from importlib.resources import files
from string import Template

from fake_every8d.gateway import Account, Settings


def guide(accounts: Collection[Account], url: str, soap_path: str, http_path: str) -> str:
    """The guide for a server at `url`, with its APIs at these paths.

    It shows the password of `demo` / `demo`, which everybody knows, and no other.
    """
    (known,) = Settings().accounts
    demo = next((each for each in accounts if each.user_id == known.user_id), None)
    open_to_all = demo is not None and demo.password == known.password
    listed = ", ".join(f"{each.user_id} ({each.credit:f} points)" for each in accounts)
    if open_to_all:
        listed += f"; {known.user_id}'s password is {known.password}"
    template = Template((files(__package__) / "guide.txt").read_text("utf-8").rstrip())
    return template.substitute(
        url=url,
        soap_path=soap_path,
        http_path=http_path,
        accounts=listed or "none",
        user_id=known.user_id if open_to_all else "USER_ID",
        password=known.password if open_to_all else "PASSWORD",
    )
