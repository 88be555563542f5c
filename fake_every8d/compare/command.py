"""`fake-every8d compare`: options and output. The rest is imported when it runs."""

import logging
import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fake_every8d.gateway.editions import Edition

if TYPE_CHECKING:
    from fake_every8d.compare.comparison import Comparison
    from fake_every8d.compare.result import Finding

PASSWORD = "FAKE_EVERY8D_COMPARE_PASSWORD"
"""The variable for the password. It is not an option, because every process sees arguments."""

_CONTEXT = {
    "auto_envvar_prefix": "FAKE_EVERY8D_COMPARE",
    "show_default": True,
    "max_content_width": 100,
}
_SECONDS = click.FloatRange(0, 3600)
_SECONDS.name = "float"


@click.command(context_settings=_CONTEXT)
@click.option("--url", metavar="URL", help="The platform, such as https://new.e8d.tw.")
@click.option("--user-id", metavar="NAME", help="An account of it.")
@click.option("--soap-url", metavar="URL", help="The SOAP API, if it has a path of its own.")
@click.option(
    "--http-url", metavar="URL", help="The HTTP API, likewise: the directory of getCredit.ashx."
)
@click.option(
    "--edition",
    default=str(Edition.OF_2016),
    type=click.Choice([*map(str, Edition)]),
    help="The fake's: which of EVERY8D's documents to follow where they differ.",
)
@click.option("--pause", default=1.0, type=_SECONDS, help="Seconds between two calls.")
@click.option(
    "--timeout",
    default=30.0,
    type=click.FloatRange(0, 3600, min_open=True),
    help="Seconds that an answer may take, from first to last byte.",
)
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True),
    help="The file to write the result to, for an issue.",
)
@click.option(
    "--read",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True),
    help="Do not compare: show what such a result means for each clause.",
)
def compare(
    *,
    url: str | None,
    user_id: str | None,
    soap_url: str | None,
    http_url: str | None,
    edition: str,
    pause: float,
    timeout: float,
    json_file: str | None,
    read: str | None,
) -> None:
    """Send the same calls to the platform itself and to a fake, and show where they differ.

    Nothing is sent or charged. The password comes from FAKE_EVERY8D_COMPARE_PASSWORD, or is
    asked for; options can be given likewise, such as FAKE_EVERY8D_COMPARE_URL. The exit code is
    0 if no answer differs, 1 if some do, and 2 if the platform could not be asked.
    """
    # Imported here, so that --help is quick.
    from fake_every8d.compare.comparison import Comparison, addresses
    from fake_every8d.compare.exchange import BadUrl, CannotCompare
    from fake_every8d.gateway.errors import InvalidInput

    if read:
        _read(Path(read))
        return
    if not (url or soap_url or http_url):
        raise click.UsageError("Missing option '--url': the platform, such as https://new.e8d.tw")
    if not user_id:
        raise click.UsageError("Missing option '--user-id': the user ID of an account there")
    # A fake that fails says so in its answer; its traceback would be in the middle of ours.
    logging.getLogger("fake_every8d").addHandler(logging.NullHandler())
    try:
        found = addresses(url, soap_url, http_url)
    except BadUrl as error:
        raise click.UsageError(str(error)) from None
    password = os.environ.get(PASSWORD) or _asked_for()
    if not password:
        raise click.UsageError(f"no password was given: set {PASSWORD}")
    try:
        comparison = Comparison(
            found, user_id, password, edition=edition, pause=pause, seconds=timeout
        )
    except InvalidInput as error:
        raise click.UsageError(str(error)) from None
    try:
        code = _run(comparison, json_file)
    except click.ClickException:
        raise
    except CannotCompare as error:
        raise _Failure(str(error)) from None
    except KeyboardInterrupt:
        raise _Failure("interrupted; all sessions and tokens have been closed") from None
    except BrokenPipeError:
        raise _Failure("the output was closed by its reader") from None
    except Exception as error:
        # No traceback: a message in it may quote the request.
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise _Failure(
            f"the comparison itself failed, which is a bug in fake-every8d: "
            f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
        ) from None
    click.get_current_context().exit(code)


class _Failure(click.ClickException):
    """The comparison failed; the text says why."""

    exit_code = 2


def _run(comparison: "Comparison", json_file: str | None) -> int:
    from fake_every8d.compare.judging import Verdict

    click.echo(comparison.announcement)
    findings: list[Finding] = []
    for finding in comparison.findings():
        findings.append(finding)
        click.echo("\n".join(finding.lines()))
    result = comparison.result(findings)
    if json_file:
        try:
            Path(json_file).write_text(result.json(), "utf-8")
        except OSError as error:
            raise _Failure(f"--json {json_file}: cannot be written: {error.strerror}") from None
    counts = ", ".join(f"{result.count(verdict)} {verdict}" for verdict in Verdict)
    click.echo(f"\n{counts}.")
    different = [finding for finding in findings if finding.verdict is Verdict.DIFFERENT]
    if different and all("E1" in finding.clauses for finding in different):
        click.echo(
            "All differences are between editions (E1): the platform may follow another one, so "
            "try --edition."
        )
    return 1 if different else 0


def _asked_for() -> str:
    try:
        # With a default, or click would ask again and again.
        answer: str = click.prompt(
            "Password", default="", show_default=False, hide_input=True, err=True
        )
    except click.Abort:
        return ""
    return answer


def _read(file: Path) -> None:
    from fake_every8d.compare.result import BadResult, read

    try:
        click.echo("\n".join(read(file.read_text("utf-8")).verdicts()))
    except BadResult as error:
        raise click.UsageError(f"{file}: {error}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{file}: is not UTF-8") from None
