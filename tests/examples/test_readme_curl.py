"""README's calls to the JSON API, as they are printed there."""

import re
import subprocess
from pathlib import Path

from fake_every8d import FakeEvery8d
from tests.clients.tools import require
from tests.web.serving import DEADLINE, call

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
CALLS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("curl ") and '"$FAKE/' in line
]


def test_readmes_calls_do_what_they_say() -> None:
    curl = require("curl")
    with FakeEvery8d() as fake:
        key = fake.gateway.open_session("demo", "demo")
        fake.gateway.send_sms(key, "", "hello 483920", "0912345678", "")
        fake.gateway.send_sms(key, "", "later", "0912345678", "20980101000000")
        call(fake.url, "getCredit", sessionKey=key)
        for line in CALLS:
            done = subprocess.run(
                ["bash", "-c", line.replace("curl", f"{curl} -sS --noproxy '*' --fail", 1)],
                env={"FAKE": f"{fake.url}/fake", "json": "Content-Type: application/json"},
                capture_output=True,
                encoding="utf-8",
                timeout=DEADLINE,
            )
            assert (done.returncode, done.stderr) == (0, ""), line
