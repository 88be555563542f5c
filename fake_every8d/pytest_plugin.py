"""The pytest plugin: fixtures, the marker `every8d`, options, and a section in failure reports.

Every pytest run loads this module if the package is installed, so slow imports wait until a
fixture is first used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fake_every8d import Account, FakeEvery8d, Settings, Tls
    from fake_every8d.config import Config

_used = pytest.StashKey["FakeEvery8d"]()
_MARKER = "every8d"
_failed = pytest.StashKey[bool]()
_workers = pytest.StashKey[int]()
_WORKER = "every8d_worker"
_tls = pytest.StashKey["bool | Tls"]()
_own_settings = pytest.StashKey["Settings | None"]()
"""The settings of this plugin's own fixture, if nothing overrides that."""

_URL = "FAKE_EVERY8D_URL"

STRICT = ("failures", "advice", "calls")
"""The things that a test can be strict about."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare `--every8d-port` and, for the ini file, `every8d_accounts` and `every8d_strict`."""
    group = parser.getgroup("fake-every8d", "a stand-in for EVERY8D's SMS platform")
    group.addoption(
        "--every8d-port",
        type=int,
        default=0,
        metavar="PORT",
        help="serve the every8d fixture on this port, under pytest-xdist on it and those "
        f"after it, a worker each (default: any free one); nothing is served if {_URL} is set "
        "in the environment, to the URL of a fake elsewhere",
    )
    parser.addini(
        "every8d_accounts",
        "a TOML file of accounts, outcomes and failures for the every8d fixture",
    )
    parser.addini(
        "every8d_keep_sessions",
        "keep session keys and tokens from one test to the next, for applications that keep them",
        type="bool",
        default=False,
    )
    parser.addini(
        "every8d_strict",
        "reasons to fail a test that uses the every8d fixture: failures (one that it added never "
        "triggered), advice (production would lose or misbill something), calls (of an operation "
        "or path that does not exist); or all",
        type="args",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        "every8d(credit=…, international=…, interactive=…, test_mode=…, report_url=…, "
        "report_method=…, report_charset=…, report_attempts=…, password=…, edition=…, now=…, "
        "keep_sessions=…, strict=…): how the every8d fixture's first account is set up for this "
        "test, the edition of the platform's documents, the time at which the clock starts, and "
        "whether session keys of the test before are good; strict is True, False or some of "
        "failures, advice, calls, as the ini option every8d_strict has them",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Number pytest-xdist's workers, whatever their names, from 0."""
    node.workerinput[_WORKER] = node.config.stash[_workers] = (
        node.config.stash.get(_workers, -1) + 1
    )


def _file(config: pytest.Config) -> Config | None:
    """The contents of the file of the ini option `every8d_accounts`, if it is set."""
    if not (file := config.getini("every8d_accounts")):
        return None
    from fake_every8d.config import ConfigError, load

    ini = config.inipath
    folder = ini.parent if ini else config.invocation_params.dir
    try:
        return load(folder / file)
    except ConfigError as error:
        raise _usage_error(f"every8d_accounts: {error}") from None


@pytest.fixture(scope="session")
def every8d_accounts(pytestconfig: pytest.Config) -> tuple[Account, ...]:
    """The accounts that the fake starts with; override it to choose others.

    They are those of the ini option `every8d_accounts`, a TOML file relative to the ini file;
    by default, `demo` / `demo` with 1000 points.
    """
    from fake_every8d import Settings

    file = _file(pytestconfig)
    return file.accounts if file else Settings().accounts


@pytest.fixture(scope="session")
def every8d_settings(
    pytestconfig: pytest.Config, every8d_accounts: tuple[Account, ...]
) -> Settings:
    """The fake's settings: accounts, delivery seconds and so on; override it for others."""
    from fake_every8d import Settings

    settings = Settings(accounts=every8d_accounts)
    pytestconfig.stash[_own_settings] = settings
    return settings


@pytest.fixture(scope="session")
def every8d_tls() -> bool | Tls:
    """True if the fake serves HTTPS too. Override it to return True, or `Tls(dir=…, names=…)`.

    Clients trust `ca_file`.
    """
    return False


@pytest.fixture(scope="session")
def every8d_server(
    pytestconfig: pytest.Config,
    every8d_settings: Settings,
    every8d_tls: bool | Tls,
) -> Iterator[FakeEvery8d]:
    """The fake, running from its first use to the end of the session.

    It is for session-scoped fixtures that need its address. Tests use `every8d`. If the environment
    variable `FAKE_EVERY8D_URL` is set, it is the one that runs there.
    """
    from fake_every8d import FakeEvery8d

    pytestconfig.stash[_tls] = every8d_tls
    if urls := os.environ.get(_URL):
        fake = _elsewhere(pytestconfig, urls)
        yield fake
        fake.stop()
        return
    port = pytestconfig.getoption("every8d_port")
    if port and hasattr(pytestconfig, "workerinput"):
        port += pytestconfig.workerinput[_WORKER]
    file = _file(pytestconfig)
    try:
        fake = FakeEvery8d(
            every8d_settings,
            port=port,
            tls=every8d_tls,
            set_up=file.set_up if file else None,
        ).start()
    except ImportError as error:
        raise _usage_error(str(error)) from None
    except (OSError, OverflowError) as error:
        if not port:
            raise
        reason = f"--every8d-port: cannot listen on port {port}: {error}"
        raise _usage_error(reason) from None
    yield fake
    fake.stop()


def _elsewhere(config: pytest.Config, urls: str) -> FakeEvery8d:
    """The fake that runs elsewhere for this process, under pytest-xdist one for each worker."""
    from fake_every8d import FakeEvery8d, InvalidInput

    listed = [url.strip() for url in urls.split(",")]
    number, workers = 0, 1
    if hasattr(config, "workerinput"):
        number = config.workerinput[_WORKER]
        workers = config.workerinput["workercount"]
    if len(listed) < workers:
        raise _usage_error(
            f"{_URL} has {len(listed)} URL{'s' if len(listed) > 1 else ''}, but pytest-xdist runs "
            f"{workers} workers, and each needs a fake of its own, since every test resets it: "
            "give a URL for each, with commas between them"
        )
    try:
        return FakeEvery8d.connect(listed[number])
    except (OSError, InvalidInput) as error:
        raise _usage_error(f"{_URL}: {error}") from None


@pytest.fixture
def every8d(
    request: pytest.FixtureRequest,
    every8d_server: FakeEvery8d,
    every8d_accounts: tuple[Account, ...],
    every8d_settings: Settings,
    every8d_tls: bool | Tls,
) -> Iterator[FakeEvery8d]:
    """A fresh EVERY8D: its initial accounts, nothing sent, the right time.

        @pytest.mark.every8d(credit=3)
        def test_runs_dry(every8d): ...

    `every8d_settings` and `every8d_accounts` may be overridden for all tests, in a folder's
    `conftest.py`, or in a file: they hold for the tests that see them.
    """
    from fake_every8d import InvalidInput, Settings

    elsewhere = os.environ.get(_URL) is not None
    if not elsewhere and every8d_tls != request.config.stash[_tls]:
        raise _usage_error(
            "every8d_tls is overridden here, but one fake serves the whole session, and it was "
            f"started with every8d_tls = {request.config.stash[_tls]}: override it in the "
            "conftest.py above all tests that use every8d"
        )
    if every8d_settings is request.config.stash.get(_own_settings, None):
        # It is made once, perhaps for accounts that are overridden here.
        every8d_settings = replace(every8d_settings, accounts=every8d_accounts)
    elif _is_overridden_after(request, "every8d_accounts", "every8d_settings") and (
        every8d_accounts != every8d_settings.accounts
    ):
        raise _usage_error(
            "every8d_accounts is overridden here, but every8d_settings was made with others: "
            "override every8d_settings here, too"
        )
    changes: dict[str, Any] = {}
    for marker in request.node.iter_markers(_MARKER):
        if marker.args:
            raise _usage_error("@pytest.mark.every8d takes names, such as credit=3")
        changes = {**marker.kwargs, **changes}  # the closest marker comes first
    strict = _strict(request.config, changes.pop("strict", None))
    keep_sessions = changes.pop("keep_sessions", None)
    if keep_sessions is None and request.config.getini("every8d_keep_sessions"):
        keep_sessions = True
    try:
        every8d_server.reset(
            # A fake elsewhere keeps its own, unless the suite sets something.
            settings=None if elsewhere and every8d_settings == Settings() else every8d_settings,
            now=changes.pop("now", None),
            keep_sessions=keep_sessions,
        )
        of_file = {failure.id for failure in every8d_server.failures}
        for name in changes:
            if hasattr(every8d_settings, name) and name != "edition":
                raise InvalidInput(
                    f"{name} is a setting of the fake, for more than one test: override the "
                    f"fixture every8d_settings to return Settings({name}=…)"
                )
        if "edition" in changes:
            every8d_server.update_settings(edition=changes.pop("edition"))
        if changes:
            every8d_server.update_account(every8d_server.account.user_id, **changes)
    except InvalidInput as error:
        raise _usage_error(f"@pytest.mark.every8d: {error}") from None
    except NotImplementedError as error:
        raise _usage_error(f"{_URL}: {error}") from None
    request.node.stash[_used] = every8d_server
    request.node.stash[_failed] = False  # it may be a rerun of the test
    yield every8d_server
    complaints = [] if request.node.stash[_failed] else _complaints(every8d_server, strict, of_file)
    # Reports that are still due must not reach the next test's application. The next test says
    # whether it keeps the sessions.
    every8d_server.reset(keep_sessions=True)
    if complaints:
        raise _usage_error("\n".join(complaints))


def _is_overridden_after(request: pytest.FixtureRequest, name: str, user: str) -> bool:
    """True if a fixture is overridden closer to the test than another one that uses it."""
    found = request.node._fixtureinfo.name2fixturedefs
    own, using = found[name][-1], found[user][-1]
    return name in using.argnames and len(own.baseid) > len(using.baseid)


def _strict(config: pytest.Config, marked: object) -> frozenset[str]:
    """The things that the test is strict about, by its marker or else by the ini file."""
    if isinstance(marked, bool):
        return frozenset(STRICT if marked else ())
    where, wanted = "@pytest.mark.every8d: strict", marked
    if marked is None:
        where, wanted = "every8d_strict", config.getini("every8d_strict")
    elif isinstance(marked, str):
        wanted = [marked]
    if isinstance(wanted, Iterable):
        words = [*wanted]
        if words == ["all"]:
            return frozenset(STRICT)
        if all(word in STRICT for word in words):
            return frozenset(words)
    right = ", ".join(STRICT)
    raise _usage_error(
        f"{where} takes {right}, or all of them (all, True); not {marked or wanted!r}"
    )


def _complaints(fake: FakeEvery8d, strict: frozenset[str], of_file: set[int]) -> list[str]:
    """The complaints about a strict test, a line each.

    A failure in the accounts file (`of_file`) is not the test's own.
    """
    complaints = []
    if "failures" in strict:
        complaints += [
            f"failure {failure.id} ({failure.kind} on {failure.operation}) never triggered: "
            "no matching call was made"
            for failure in fake.failures
            if not failure.happened and failure.id not in of_file
        ]
    for request in fake.requests:
        name = request.operation or f"{request.method} {request.path}"
        if "calls" in strict and request.operation is None and request.status >= 400:
            complaints.append(f"{name} does not exist, or cannot be read: HTTP {request.status}")
        if "advice" in strict:
            complaints += [f"{name}: {advice}" for advice in request.serious_advice]
    return complaints


def _usage_error(reason: str) -> BaseException:
    """An exception that fails a test with a reason, without our traceback."""
    return pytest.fail.Exception(reason, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test whose marker does nothing, because the test does not use the fixture."""
    yield
    if _used not in item.stash and any(marker.name == _MARKER for marker in item.own_markers):
        raise _usage_error("@pytest.mark.every8d does nothing here: the test does not use every8d")


def _hide_our_frames() -> None:
    """Hide our frames in the traceback of an error whose message is enough."""

    def explained(error: pytest.ExceptionInfo[BaseException]) -> bool:
        from fake_every8d.gateway.errors import InvalidInput, PlatformError

        return isinstance(error.value, InvalidInput | PlatformError)

    for name, module in [*sys.modules.items()]:
        if name.startswith("fake_every8d."):
            vars(module)["__tracebackhide__"] = explained


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add a summary of the fake to the report of a failed test that used it."""
    if call.excinfo is not None:
        _hide_our_frames()
    report = yield
    # At teardown, the fake has been reset.
    if report.when == "teardown" or (fake := item.stash.get(_used, None)) is None:
        return report
    if not report.passed:  # or skipped, or expected to fail: strict is about whole tests
        item.stash[_failed] = True
    if report.failed:
        try:
            summary = fake.summary()
        except OSError as error:  # of a fake elsewhere
            summary = str(error)
        report.sections.append(("EVERY8D", summary))
    return report
