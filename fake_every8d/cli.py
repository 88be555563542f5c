"""The command line: `fake-every8d serve`, and what it is told."""

import sys
from typing import Any
from urllib.parse import urlsplit

import click


class _ServeByDefault(click.Group):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, "--help", "--version"}:
            args = ["serve", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ServeByDefault)
@click.version_option(package_name="fake-every8d")
def cli() -> None:
    """A stand-in for EVERY8D's SMS platform, on this machine.

    Without a command it serves.
    """


def _base_url(ctx: click.Context, parameter: click.Parameter, url: str | None) -> str | None:
    try:
        parts = urlsplit(url or "http://host")
        valid = parts.scheme in ("http", "https") and parts.hostname and not parts.query
    except ValueError:
        valid = False
    if not valid:
        raise click.BadParameter(f"must be like https://sms.example.com, not {url!r}")
    return url and url.rstrip("/")


@cli.command(
    context_settings={
        "auto_envvar_prefix": "FAKE_EVERY8D",
        "show_default": True,
        "max_content_width": 100,
    }
)
@click.option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 for all.")
@click.option(
    "--port", default=8021, type=click.IntRange(0, 65535), help="Port; 0 takes any free one."
)
@click.option("--accounts", metavar="FILE", help="Accounts, in TOML.  [default: demo / demo]")
@click.option("--delivery-seconds", default=1.0, help="From sent to delivered, in the fake's time.")
@click.option(
    "--report-retry-seconds",
    default=60.0,
    help="Between two attempts at a status report, in the fake's time.",
)
@click.option(
    "--public-url",
    metavar="URL",
    callback=_base_url,
    help="Where callers reach it, for the WSDL.  [default: as they call it]",
)
@click.option(
    "--log-format", default="text", type=click.Choice(["text", "json"]), help="A line per request."
)
@click.option(
    "--max-messages",
    default=100_000,
    help="Above this many, the oldest finished batches are forgotten.",
)
@click.option("--pad-mobile", is_flag=True, help="Pad MOBILE in the delivery log to 20 characters.")
@click.pass_context
def serve(
    ctx: click.Context,
    /,
    *,
    host: str,
    port: int,
    accounts: str | None,
    public_url: str | None,
    log_format: Any,
    **settings: Any,
) -> None:
    """Serve EVERY8D's SOAP API until Ctrl-C.

    Each option can be given in the environment too: FAKE_EVERY8D_PORT for --port.
    """
    # Here, so that --help does not wait for what serving needs.
    from fake_every8d.config import ConfigError, load_accounts
    from fake_every8d.gateway import InvalidInput, Settings
    from fake_every8d.web import server

    if accounts is not None:
        try:
            settings["accounts"] = load_accounts(accounts)
        except ConfigError as error:
            raise click.UsageError(str(error)) from error
    try:
        ready = Settings(**settings)
    except InvalidInput as error:
        raise click.UsageError(str(error)) from error
    try:
        code = server.serve(
            ready, host=host, port=port, public_url=public_url, log_format=log_format
        )
    except (OSError, UnicodeError) as error:
        reason, _, _ = (getattr(error, "strerror", None) or str(error)).partition(" (")
        raise click.UsageError(f"cannot listen on {host} port {port}: {reason}") from error
    ctx.exit(code)


def main() -> None:
    """Run the command line. Wrong use ends with exit code 2 and a line on standard error."""
    try:
        code = cli.main(prog_name="fake-every8d", standalone_mode=False)
    except click.ClickException as error:
        print(f"fake-every8d: {error.format_message()}", file=sys.stderr)
        code = 2
    except (click.Abort, KeyboardInterrupt):
        code = 0
    sys.exit(code)
