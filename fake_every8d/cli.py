"""The command line: `fake-every8d serve`, `check`, `health`, `ca` and `compare`."""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from fake_every8d.compare.command import PASSWORD, compare
from fake_every8d.control.readable import printable
from fake_every8d.gateway.errors import InvalidInput, closest
from fake_every8d.gateway.settings import Settings
from fake_every8d.health import problem, reason

if TYPE_CHECKING:
    from fake_every8d.config import Config
    from fake_every8d.control.forms import Value
    from fake_every8d.gateway import Account
    from fake_every8d.web.http.tls import Tls

_ENVIRONMENT = "FAKE_EVERY8D"

_CONTEXT = {
    "auto_envvar_prefix": _ENVIRONMENT,
    "show_default": True,
    "max_content_width": 100,
}

_DEFAULTS = Settings()

_SECRET = ("api_token",)

_CA_LENGTH = 64 * 1024  # bytes read of a server's response, at most
_CA_TIMEOUT = 10  # seconds

_HEALTH_INTERVAL = 0.1  # seconds between two checks

_PORTS = click.IntRange(0, 65535)
_WAITS = click.FloatRange(0, 3600)
# Not click's own names, by which an error would say that "x" is not a valid "integer range".
_PORTS.name, _WAITS.name = "integer", "float"

_FILE = f"{__name__}.file"
_CONFIG = f"{__name__}.config"

Command = TypeVar("Command", bound=Callable[..., Any])


class _ServeByDefault(click.Group):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "--version")):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ServeByDefault)
@click.version_option(package_name="fake-every8d")
def cli() -> None:
    """A stand-in for EVERY8D's SMS platform, on this machine.

    Without a command, it serves.
    """


def _public_url(ctx: click.Context, parameter: click.Parameter, url: str | None) -> str | None:
    if not url:
        return url
    from fake_every8d.web.guard import checked_public_url

    try:
        return checked_public_url(url)
    except InvalidInput as error:
        raise click.BadParameter(str(error).removeprefix("public_url ")) from error


def _smtp_url(ctx: click.Context, parameter: click.Parameter, url: str | None) -> str | None:
    if url is not None:
        from fake_every8d.outgoing.mail import Mailer

        try:
            Mailer(url)
        except InvalidInput as error:
            raise click.BadParameter(str(error)) from error
    return url


def _token(ctx: click.Context, parameter: click.Parameter, token: str | None) -> str | None:
    # click treats an empty variable as not set; but somebody wanted a token here.
    empty = token is None and f"{_ENVIRONMENT}_API_TOKEN" in os.environ
    if empty or (token is not None and not token.strip()):
        raise click.BadParameter("must not be empty: leave it out for none")
    return token


def _now(
    ctx: click.Context, parameter: click.Parameter, value: str | datetime | None
) -> datetime | None:
    if value is None:
        return None
    from fake_every8d.control.forms import MOMENT

    try:
        now: datetime = MOMENT.read(value)
    except (ValueError, TypeError):
        raise click.BadParameter(f"must be {MOMENT.right}, not {str(value)[:100]!r}") from None
    return cast("datetime", _setting(ctx, parameter, now))


def _setting(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """A valid value of the setting that has the option's name."""
    assert parameter.name is not None
    try:
        Settings(**{parameter.name: value})
    except InvalidInput as error:
        raise click.BadParameter(str(error).removeprefix(f"{parameter.name} ")) from error
    return value


def _accounts(
    ctx: click.Context, parameter: click.Parameter, path: str | None
) -> "tuple[Account, ...]":
    """The accounts in a file; its settings become the options' defaults."""
    if _FILE in ctx.meta:  # the file was given as an argument already
        if ctx.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
            raise click.UsageError("FILE and --accounts are the same: give one of them")
        return cast("Config", ctx.meta[_CONFIG]).accounts
    if path is None:
        return _DEFAULTS.accounts
    from fake_every8d.config import ConfigError, load
    from fake_every8d.control.forms import Form

    options = {str(option.name): option for option in serve.params if option.name != "accounts"}
    try:
        config = load(path, Form({name: _value(option) for name, option in options.items()}))
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    for name, value in config.settings.items():
        try:
            options[name].process_value(ctx, value)
        except click.BadParameter as error:
            raise click.UsageError(f"{path}: settings: {name}: {error.message}") from error
        except ValueError as error:  # U+0000 in the name of a file
            raise click.UsageError(f"{path}: settings: {name}: {error}") from error
    ctx.default_map = dict(config.settings)
    ctx.meta[_FILE] = path
    ctx.meta[_CONFIG] = config
    return config.accounts


def _value(option: click.Parameter) -> "Value":
    """The kind of value of an option in the file."""
    from fake_every8d.control.forms import FLAG, MOMENT, NUMBER, TEXT, TEXTS, WHOLE_NUMBER

    if option.multiple:
        return TEXTS
    if option.name == "now":
        return MOMENT
    if isinstance(option.type, click.types.BoolParamType):
        return FLAG
    if isinstance(option.type, click.types.IntParamType):
        return WHOLE_NUMBER
    return NUMBER if isinstance(option.type, click.types.FloatParamType) else TEXT


def _options(command: Command) -> Command:
    """Add the options for the settings, also given in the environment or in the file."""
    pem = click.Path(exists=True, dir_okay=False, readable=True)
    for option in reversed(
        [
            click.option(
                "--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 for all."
            ),
            click.option(
                "--port",
                default=8021,
                type=_PORTS,
                help="Port; 0 takes any free one.",
            ),
            click.option(
                "--edition",
                default=str(_DEFAULTS.edition),
                callback=_setting,
                help="Which of EVERY8D's documents to follow where they differ: 2016, 2021, 2025.",
            ),
            click.option(
                "--delivery-seconds",
                default=_DEFAULTS.delivery_seconds,
                type=float,
                callback=_setting,
                help="Time from sent to delivered, in the fake's time.",
            ),
            click.option(
                "--report-retry-seconds",
                default=_DEFAULTS.report_retry_seconds,
                type=float,
                callback=_setting,
                help="Time between two attempts at a status report, in the fake's time.",
            ),
            click.option(
                "--public-url",
                metavar="URL",
                callback=_public_url,
                help="The URL for clients, in the WSDL.  [default: the request's Host]",
            ),
            click.option(
                "--smtp-url",
                metavar="URL",
                callback=_smtp_url,
                help="The server for copies by e-mail, such as smtp://127.0.0.1:1025.",
            ),
            click.option(
                "--api-token",
                metavar="TOKEN",
                callback=_token,
                help="Token for the JSON API and the page; best given in the environment.",
            ),
            click.option(
                "--log-format",
                default="text",
                type=click.Choice(["text", "json"]),
                help="Form of the line per request: text or json.",
            ),
            click.option(
                "--max-messages",
                default=_DEFAULTS.max_messages,
                callback=_setting,
                help="Messages to keep; above that, the oldest finished batches are forgotten.",
            ),
            click.option(
                "--now",
                metavar="TIME",
                callback=_now,
                help="Time at which the clock starts, also after a reset, such as "
                "2026-01-31T09:00; without a time zone, Taipei's.  [default: the real time]",
            ),
            click.option(
                "--keep-sessions/--no-keep-sessions",
                default=_DEFAULTS.keep_sessions,
                help="Keep sessions and tokens across resets.",
            ),
            click.option(
                "--pad-mobile/--no-pad-mobile",
                default=_DEFAULTS.pad_mobile,
                help="Pad MOBILE in the delivery log to 20 characters.",
            ),
            click.option(
                "--tls/--no-tls",
                help="Serve HTTPS, too, with a certificate made for localhost and this machine's "
                "name.",
            ),
            click.option(
                "--tls-name",
                metavar="NAME",
                multiple=True,
                help="Another name or address that the certificate is for; repeatable. "
                "production: all of EVERY8D's own hosts.",
            ),
            click.option(
                "--tls-dir",
                metavar="DIR",
                type=click.Path(file_okay=False),
                help="The directory of the CA, so that clients need trust it only once.  "
                "[default: a new CA at each start]",
            ),
            click.option(
                "--tls-port",
                metavar="PORT",
                type=_PORTS,
                help="A second port, which speaks HTTP and HTTPS as the first does.",
            ),
            click.option(
                "--tls-ca-file",
                metavar="FILE",
                type=click.Path(dir_okay=False, writable=True),
                help="The file to write the certificate's CA to, for clients to trust.",
            ),
            click.option(
                "--tls-cert",
                metavar="FILE",
                type=pem,
                help="Serve HTTPS, too, with your own certificate, in PEM.",
            ),
            click.option("--tls-key", metavar="FILE", type=pem, help="Its key, in PEM."),
        ]
    ):
        command = option(command)
    return command


_accounts_option = click.option(
    "--accounts",
    metavar="FILE",
    is_eager=True,
    callback=_accounts,
    help="Accounts, outcomes and failures, in TOML, and [settings]: options by their names.  "
    "[default: demo / demo]",
)


def _tls(
    *,
    tls: bool,
    tls_name: tuple[str, ...],
    tls_dir: str | None,
    tls_ca_file: str | None,
    tls_cert: str | None,
    tls_key: str | None,
    tls_port: int | None,
    **_: Any,
) -> "Tls | None":
    """The settings of HTTPS; None if it is off."""
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together: give both, or neither")
    if (tls_name or tls_ca_file or tls_dir) and (tls_cert or not tls):
        raise click.UsageError(
            "--tls-name, --tls-dir and --tls-ca-file are for the certificate that --tls makes: "
            "give --tls, and no --tls-cert"
        )
    if not (tls or tls_cert):
        if tls_port is not None:
            raise click.UsageError("--tls-port is a second port for --tls: give --tls")
        return None
    from fake_every8d.web.http.tls import Tls

    return Tls(names=tls_name, dir=tls_dir, port=tls_port, cert=tls_cert, key=tls_key)


@contextmanager
def _usage_errors() -> Iterator[None]:
    """Turn errors of the options for HTTPS into usage errors of one line."""
    try:
        yield
    except ImportError as error:
        raise click.UsageError(f"--tls: {error}") from error
    except InvalidInput as error:
        raise click.UsageError(re.sub("^tls: ", "--tls: ", str(error))) from error


@cli.command(context_settings=_CONTEXT)
@_accounts_option
@_options
@click.pass_context
def serve(
    ctx: click.Context,
    /,
    *,
    host: str,
    port: int,
    public_url: str | None,
    smtp_url: str | None,
    api_token: str | None,
    log_format: Any,
    tls_ca_file: str | None,
    **_: Any,
) -> None:
    """Serve EVERY8D's SOAP API and HTTP API until Ctrl-C.

    Each option can also be given in the environment, such as FAKE_EVERY8D_PORT for --port,
    or in the accounts file's [settings], such as port = 8021. An option outranks the
    environment, and the environment outranks the file.
    """
    # Imported here, so that --help is quick.
    from fake_every8d.serve import serve as run

    config: Config | None = ctx.meta.get(_CONFIG)
    settings = Settings(**{field.name: ctx.params[field.name] for field in fields(Settings)})
    tls = _tls(**ctx.params)
    with _usage_errors():
        try:
            run(
                settings,
                host=host,
                port=port,
                public_url=public_url,
                log_format=log_format,
                smtp_url=smtp_url,
                api_token=api_token,
                tls=tls,
                ca_file=tls_ca_file,
                set_up=config.set_up if config else None,
            )
        except InvalidInput:  # also a ValueError, but for a wrong option of TLS
            raise
        except (OSError, ValueError) as error:  # ValueError for an invalid name
            ports = f"port {port}"
            if tls and tls.port is not None:
                ports = f"ports {port} and {tls.port}"
            raise click.UsageError(f"cannot listen on {host} {ports}: {reason(error)}") from error


@cli.command(context_settings=_CONTEXT)
@click.argument("file", metavar="[FILE]", required=False, is_eager=True, callback=_accounts)
@_accounts_option
@_options
@click.pass_context
def check(
    ctx: click.Context, /, *, file: Any, accounts: "tuple[Account, ...]", **options: Any
) -> None:
    """Show the settings that serve would run with, and the source of each.

    FILE is the file for --accounts. The exit code is 2 if the file, the environment or an
    option is wrong, or if the environment has an unknown FAKE_EVERY8D_… variable.
    """
    _check_environment()
    _check_host(ctx.params["host"])
    if tls := _tls(**ctx.params):
        from fake_every8d.web.http.tls import check as check_tls

        with _usage_errors():
            check_tls(tls, ctx.params["host"])
    file = ctx.meta.get(_FILE, "default")
    points = ", ".join(
        f"{printable(account.user_id)} ({account.credit:f} points)" for account in accounts
    )
    click.echo(f"{'accounts':20}  {points:20}  {file}")
    if config := cast("Config | None", ctx.meta.get(_CONFIG)):
        for name, tables in (("outcome", config.outcomes), ("failure", config.failures)):
            for table in tables:
                told = ", ".join(
                    f"{key} = {json.dumps(value, ensure_ascii=False)}"
                    for key, value in table.items()
                )
                click.echo(f"{name:20}  {printable(told):20}  {file}")
    for name, value in options.items():
        click.echo(f"{name:20}  {_shown(name, value):20}  {_origin(ctx, name)}")


def _check_host(host: str) -> None:
    """Raise a usage error if `serve` could not listen on the host, on any port."""
    from fake_every8d.web.http.server import listen

    try:
        for listener in listen(host, [0]):
            listener.close()
    except (OSError, ValueError) as error:
        raise click.UsageError(f"cannot listen on {host}: {reason(error)}") from error


def _check_environment() -> None:
    """Raise a usage error for misspelt variables, which nothing reads."""
    known = {str(option.name).upper() for option in (*serve.params, *health.params)}
    prefix = f"{_ENVIRONMENT}_"
    known |= {f"COMPARE_{option.name}".upper() for option in compare.params}
    known.add(PASSWORD.removeprefix(prefix))
    known.add("URL")  # the pytest fixture reads it
    for variable in sorted(os.environ):
        name = variable.removeprefix(prefix)
        if variable.startswith(prefix) and name not in known:
            meant = closest(name, known)
            hint = f"did you mean {prefix}{meant}?" if meant else "serve --help has the options"
            raise click.UsageError(f"{variable}, in the environment, is unknown; {hint}")


def _shown(name: str, value: Any) -> str:
    if value in (None, ()):
        return "-"
    if name in _SECRET:
        return "***"
    if isinstance(value, bool):
        return str(value).lower()
    return printable(" ".join(value) if isinstance(value, tuple) else str(value))


def _origin(ctx: click.Context, name: str) -> str:
    match ctx.get_parameter_source(name):
        case ParameterSource.COMMANDLINE:
            return f"--{name.replace('_', '-')}"
        case ParameterSource.ENVIRONMENT:
            return f"{_ENVIRONMENT}_{name.upper()}"
        case ParameterSource.DEFAULT_MAP:
            return str(ctx.meta[_FILE])
        case _:
            return "default"


@cli.command(context_settings=_CONTEXT)
@click.option(
    "--wait",
    default=0.0,
    metavar="SECONDS",
    type=_WAITS,
    help="Keep asking for this long, until the server is healthy.",
)
@_accounts_option
@_options
def health(*, wait: float, host: str, port: int, **_: Any) -> None:
    """Check that the server at --host and --port is healthy.

    The exit code is 0 if it is, and 1 if not: for a container's health check, and for a
    script that has to wait. Takes the same options as serve.
    """
    deadline = time.monotonic() + wait
    while (found := problem(host, port)) is not None:
        if time.monotonic() >= deadline:
            within = f" within {wait:g} s" if wait else ""
            raise click.ClickException(f"{host} port {port} is not healthy{within}: {found}")
        time.sleep(_HEALTH_INTERVAL)


@cli.command(context_settings=_CONTEXT)
@click.argument("source", metavar="[SOURCE]", required=False)
@_accounts_option
@_options
def ca(*, source: str | None, tls_dir: str | None, host: str, port: int, **_: Any) -> None:
    """Print the CA that clients have to trust, in PEM.

    SOURCE is the directory of a CA, as for --tls-dir, where one is made if there is none; or the
    URL of a server, such as http://127.0.0.1:8021. Its default is --tls-dir, or else the server
    at --host and --port. Takes the same options as serve.
    """
    source = source or tls_dir or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if source.startswith(("http://", "https://")):
        pem = _fetched_ca(source)
    else:
        from fake_every8d.web.http.tls import kept_ca

        with _usage_errors():
            pem = kept_ca(Path(source)).read_text("ascii")
    click.echo(pem, nl=False)


def _fetched_ca(url: str) -> str:
    """A server's CA, from the server itself, whose certificate cannot be verified yet."""
    import ssl
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import HTTPSHandler, ProxyHandler, build_opener

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
    try:
        with opener.open(url.rstrip("/") + "/fake/ca.pem", timeout=_CA_TIMEOUT) as response:
            pem: str = response.read(_CA_LENGTH).decode("ascii", "replace")
    except HTTPError as error:
        with error:
            raise click.ClickException(
                f"{url}: {error.read(_CA_LENGTH).decode('utf-8', 'replace').strip()}"
            ) from error
    except (OSError, ValueError, HTTPException) as error:
        raise click.ClickException(f"{url}: {reason(getattr(error, 'reason', error))}") from error
    if not pem.startswith("-----BEGIN CERTIFICATE-----"):
        raise click.ClickException(f"{url} is not a fake-every8d: its /fake/ca.pem is not a CA")
    return pem


cli.add_command(compare)


def main() -> None:
    """Run the command line. A usage error is a line on standard error, and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # None if it was closed from the start
            stream.reconfigure(errors="backslashreplace")  # cp950 has no 囍, cp1252 no Chinese
    # Treat SIGTERM like Ctrl-C, from the start: without a handler, the first process of a
    # container would ignore it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = cli.main(prog_name="fake-every8d", standalone_mode=False)
    except click.ClickException as error:
        if isinstance(error, click.BadParameter) and error.ctx and error.param:
            name = error.param.name or ""
            if error.ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT:
                error.param_hint = f"{_ENVIRONMENT}_{name.upper()}"
        print(printable(f"fake-every8d: {error.format_message()}", 2_000), file=sys.stderr)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 0
    sys.exit(code)
