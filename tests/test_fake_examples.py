"""The examples in the docstrings of `FakeEvery8d` run."""

import inspect
import re
import textwrap
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
import zeep
from flask import Flask

from fake_every8d import FakeEvery8d, Status
from fake_every8d.assertions import Assertions
from tests.fakes import PHONE, send
from tests.receiver import Receiver
from tests.web.serving import call


def members() -> list[str]:
    return [
        name
        for name, member in (vars(FakeEvery8d) | vars(Assertions)).items()
        if not name.startswith("_")
        and not name.endswith("_async")  # whose example is the blocking method's
        and (callable(member) or isinstance(member, property))
    ]


def examples(doc: str) -> Iterator[str]:
    """The paragraphs of a docstring that are indented, or that begin as code does."""
    for paragraph in inspect.cleandoc(doc).split("\n\n")[1:]:
        code = textwrap.dedent(paragraph)
        if code != paragraph or re.match(r"[a-z0-9_]+( =|\.|\()|assert ", code):
            yield code


@pytest.mark.parametrize("name", members())
def test_each_docstring_has_an_example_and_that_runs(
    every8d: FakeEvery8d, receiver: Receiver, name: str
) -> None:
    doc = getattr(FakeEvery8d, name).__doc__
    # A free port: somebody may be using the one that people type.
    replaced = [each.replace('"http://127.0.0.1:8021"', "every8d.url") for each in examples(doc)]
    codes = [code.replace("8021", "0") for code in replaced if "await" not in code]
    assert codes, f"{name} has no example"
    app = Flask("app")
    app.url = receiver.url.removesuffix("/report")  # type: ignore[attr-defined]
    every8d.update_account("demo", report_url=receiver.url)
    key = every8d.gateway.platform.open_session("demo", "demo")
    if name not in ("account", "add_account"):
        reps = (
            '&lt;REPS&gt;&lt;USER MOBILE="+886912345678" EMAIL="wang@example.com"&gt;'
            "驗證碼 483920&lt;/USER&gt;&lt;/REPS&gt;"
        )
        call(every8d.url, "sendParamSMS", sessionKey=key, subject="", contentXML=reps, sendTime="")
        every8d.clock.advance(seconds=1)
        every8d.reply(PHONE, "好的")
        if name == "requests":
            call(every8d.url, "sendSMS", sessionKey=key, content="x", mobile=PHONE)
        if name == "set_status":
            send(every8d, "x", "0922333444", send_time="20991231235959")
    with FakeEvery8d(tls=name == "ca_file") as fake:
        names: dict[str, Any] = {"every8d": every8d, "fake": fake, "app": app, "received": []}
        names |= {"FakeEvery8d": FakeEvery8d, "Status": Status, "timedelta": timedelta}
        names |= {"datetime": datetime, "zeep": zeep, "requests": requests}
        for code in codes:
            exec(code, names)
        names["fake"].stop()  # maybe one that the example has started
