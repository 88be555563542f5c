"""A comparison: the platform and a fake are asked the same, probe by probe."""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from urllib.parse import urlsplit

from fake_every8d.calls import HTTP_PATH, SOAP_PATH
from fake_every8d.compare import http_probes, soap_probes
from fake_every8d.compare.exchange import Address, Answer, CannotCompare, NoAnswer, Request, ask
from fake_every8d.compare.given import Given
from fake_every8d.compare.judging import (
    CREDIT,
    KEY,
    TOKEN,
    Judgement,
    Verdict,
    blocked,
    by_form,
    excerpts,
    judge,
    shown,
    unfamiliar,
)
from fake_every8d.compare.masking import Secrets
from fake_every8d.compare.probe import Api, Compared, Probe
from fake_every8d.compare.result import Finding, Result
from fake_every8d.fake import FakeEvery8d
from fake_every8d.gateway import Account, Settings
from fake_every8d.gateway.errors import InvalidInput
from fake_every8d.gateway.messages import NOT_XML
from fake_every8d.web.guard import is_loopback

PROBES: Mapping[Api, tuple[Probe, ...]] = {
    Api.SOAP: soap_probes.PROBES,
    Api.HTTP: http_probes.PROBES,
}
"""All probes, by API and in the order in which they are asked."""

_FIRST = {Api.SOAP: soap_probes.FIRST, Api.HTTP: http_probes.FIRST}
_LOGIN = {Api.SOAP: soap_probes.LOGIN, Api.HTTP: http_probes.LOGIN}

_FAKES_CREDIT = Decimal("918273.64")  # unlikely to be the account's own, which is not shown

_UNANSWERED_IN_A_ROW = 3  # calls, after which to check that the platform is still there
_SHORTEST_CREDIT = 4  # characters: anything contains shorter ones

_REFUSALS = {
    "-100": "the platform knows no account of this user ID",
    "-101": "the platform says that the password is wrong; it was tried once",
    "-999": "the platform says that the account is locked",
}

_ANNOUNCEMENT = """\
Compares {host} with a fake of edition {edition}: {count} calls, about {minutes}.
Nothing is sent, booked, erased or changed: no call has both a number and a text, and the batch IDs
in calls cannot exist. A wrong password is given once, and the right one directly after it. Every
opened session and token is closed. All data that identifies you is masked.
"""
_UNENCRYPTED = "The password is sent unencrypted, because the URL is http.\n"


def addresses(
    url: str | None, soap_url: str | None = None, http_url: str | None = None
) -> dict[Api, Address]:
    """The addresses of a platform's APIs: at their usual paths under `url`, or elsewhere.

    Without `url`, only of the named APIs. Raises `BadUrl`.
    """
    base = url and url.rstrip("/")
    urls = {
        Api.SOAP: soap_url or (base and base + SOAP_PATH),
        Api.HTTP: (http_url and f"{http_url.rstrip('/')}/") or (base and base + HTTP_PATH),
    }
    return {api: Address.parse(found) for api, found in urls.items() if found}


class Comparison:
    """A comparison of the platform at `addresses`, with an account there, and a fake of an edition.

    `pause` is the time between two calls, and `seconds` the limit on an answer, both in seconds.
    Raises `InvalidInput` for an account that the fake cannot have.
    """

    def __init__(
        self,
        addresses: Mapping[Api, Address],
        user_id: str,
        password: str,
        *,
        edition: str,
        pause: float = 1,
        seconds: float = 30,
    ) -> None:
        if NOT_XML.search(user_id + password):
            raise InvalidInput("user ID or password has characters that XML does not allow")
        self._addresses = addresses
        self._pause = pause
        self._seconds = seconds
        self._settings = Settings(
            accounts=(Account(user_id, password, _FAKES_CREDIT),), edition=edition
        )
        self._given = Given(user_id, password)
        self.secrets = Secrets()
        """The secrets to hide, in findings and in all other output."""
        self.secrets.add("user ID", user_id)
        self.secrets.add("password", password)
        self.secrets.add("wrong password", self._given.wrong_password)
        self._asked = False
        self._missing: dict[Api, str] = {}
        """The APIs that are missing, and the reason for thinking so."""
        self._unanswered = 0
        """The number of calls in a row without an answer, so far."""
        self._owes_password = False
        """True if a wrong password was given, without the right one after it."""

    @property
    def probes(self) -> list[Probe]:
        """The probes, in the order in which they are asked.

        The first probe of each API has no password, so that none is sent to a captive portal. Then
        come the logins, so that a wrong password is tried only once.
        """
        apis = [api for api in PROBES if api in self._addresses]
        first = [_FIRST[api] for api in apis] + [_LOGIN[api] for api in apis]
        return first + [probe for api in apis for probe in PROBES[api] if probe not in first]

    @property
    def host(self) -> str:
        """The platform's name, or names."""
        return ", ".join(dict.fromkeys(address.authority for address in self._addresses.values()))

    @property
    def announcement(self) -> str:
        """A text that says what will be done, and why it is safe."""
        count = len(self.probes)
        minutes = round(count * self._pause / 60)
        announcement = _ANNOUNCEMENT.format(
            host=self.host,
            edition=self._settings.edition,
            count=count,
            minutes=f"{minutes} minutes" if minutes > 1 else "a minute",
        )
        unencrypted = any(
            address.scheme == "http" and not is_loopback(address.host)
            for address in self._addresses.values()
        )
        return announcement + _UNENCRYPTED * unencrypted

    def result(self, findings: list[Finding]) -> Result:
        """The findings, with host, date and versions."""
        return Result(
            self.host,
            f"{datetime.now(UTC):%Y-%m-%d}",
            str(self._settings.edition),
            version("fake-every8d"),
            tuple(findings),
        )

    def findings(self) -> Iterator[Finding]:
        """Ask all probes, and yield a finding for each. Raises `CannotCompare`."""
        with FakeEvery8d(self._settings) as fake:
            addresses = {
                Api.SOAP: Address.parse(fake.soap_url),
                Api.HTTP: Address.parse(fake.http_url),
            }
            given = self._given.for_the_fake()
            try:
                for probe in self.probes:
                    there = self._answer(probe)
                    if isinstance(there, Judgement):
                        yield _finding(probe, there)
                        continue
                    _keep_opened(there, self._given)
                    here = ask(addresses[probe.api], probe.request(given), self._seconds)
                    _keep_opened(here, given)
                    yield self._judged(probe, there, here)
            finally:
                self._close()

    def _answer(self, probe: Probe) -> Answer | Judgement:
        """The platform's answer, or the reason why there is none."""
        if probe.api in self._missing:
            return _not_comparable(self._missing[probe.api])
        if probe.ascii_only and not self._given.is_ascii:
            return _not_comparable("user ID or password is not ASCII, and might arrive changed")
        try:
            request = probe.request(self._given)
        except IndexError:
            return _not_comparable("the platform opened no session or token before")
        if probe is _FIRST[probe.api]:
            return self._first_answer(probe, request)
        self._owes_password |= probe.wrong_password
        try:
            answer = self._ask(probe.api, request)
        except NoAnswer as error:
            self._count_unanswered(probe.api, str(error))
            return _not_comparable(str(error))
        if reason := blocked(answer):
            self._count_unanswered(probe.api, reason)
        else:
            self._unanswered = 0
            self._owes_password &= probe is not http_probes.RIGHT_AGAIN
        if probe is _LOGIN[probe.api] and (reason := _refused(probe.api, answer)):
            raise CannotCompare(self.secrets.masked_text(reason))
        return answer

    def _first_answer(self, probe: Probe, request: Request) -> Answer | Judgement:
        api, address = probe.api, self._addresses[probe.api]
        try:
            answer = self._ask(api, request)
            reason = _stranger(api, answer)
        except CannotCompare as error:
            reason = str(error)
        else:
            reason = reason and f"{address.place}{address.path}: {reason}"
        if reason is None:
            return answer
        self._missing[api] = self.secrets.masked_text(reason)
        if len(self._missing) == len(self._addresses):
            raise CannotCompare("; ".join(dict.fromkeys(self._missing.values())))
        return _not_comparable(self._missing[api])

    def _ask(self, api: Api, request: Request) -> Answer:
        if self._asked:
            time.sleep(self._pause)
        self._asked = True
        answer = ask(self._addresses[api], request, self._seconds)
        for name, pattern in (("session key", KEY), ("token", TOKEN), ("points", CREDIT)):
            for match in pattern.finditer(answer.body):
                secret = match[1].decode("utf-8", "replace")
                if pattern is not CREDIT or len(secret) >= _SHORTEST_CREDIT:
                    self.secrets.add(name, secret)
        return answer

    def _count_unanswered(self, api: Api, reason: str) -> None:
        """Give up after several in a row, unless the platform still responds to other calls."""
        self._unanswered += 1
        if self._unanswered % _UNANSWERED_IN_A_ROW:
            return
        try:
            if not _stranger(api, self._ask(api, _FIRST[api].request(self._given))):
                return
        except NoAnswer:
            pass
        raise CannotCompare(f"{self._unanswered} calls in a row had no answer: {reason}")

    def _judged(self, probe: Probe, there: Answer, here: Answer) -> Finding:
        judgement = judge(probe.compared, there, here)
        if judgement.verdict is not Verdict.DIFFERENT:
            return _finding(probe, judgement)
        masked = self.secrets.masked_text
        reason = masked(judgement.reason)
        heads = [f"{answer.status} {answer.content_type}".strip() for answer in (there, here)]
        one, other = by_form(there.body), by_form(here.body)
        if probe.compared is not Compared.ALL or one == other:
            return _finding(probe, Judgement(judgement.verdict, reason), *map(masked, heads))
        one, other = self.secrets.masked(one), self.secrets.masked(other)
        if there.status == 200:
            one = unfamiliar(one, other)
        text, fakes_text, places = excerpts(one, other)
        return _finding(
            probe,
            Judgement(judgement.verdict, f"{reason}; {places}"),
            f"{masked(heads[0])}  {text}",
            f"{masked(heads[1])}  {fakes_text}",
        )

    def _close(self) -> None:
        """Close all sessions and tokens; after a wrong password, give the right one."""
        requests = []
        if self._owes_password:
            requests.append((Api.HTTP, http_probes.RIGHT_AGAIN.request(self._given)))
        requests += [(Api.SOAP, soap_probes.closing(key)) for key in self._given.keys]
        requests += [(Api.HTTP, http_probes.closing(token)) for token in self._given.tokens]
        for api, request in requests:
            try:
                self._ask(api, request)
            except NoAnswer:
                continue
            except CannotCompare:
                return  # the platform is gone


def _not_comparable(reason: str) -> Judgement:
    return Judgement(Verdict.NOT_COMPARABLE, reason)


def _finding(probe: Probe, judgement: Judgement, platform: str = "", fake: str = "") -> Finding:
    return Finding(
        probe.name, probe.api, probe.clauses, judgement.verdict, judgement.reason, platform, fake
    )


def _keep_opened(answer: Answer, given: Given) -> None:
    """Remember the session or token that an answer opens, for later probes and for closing."""
    if match := KEY.search(answer.body):
        given.keys.append(match[1].decode("utf-8", "replace"))
    if match := TOKEN.search(answer.body):
        given.tokens.append(match[1].decode("utf-8", "replace"))


def _stranger(api: Api, answer: Answer) -> str | None:
    """The reason why an answer to the first call is not the platform's, or None if it can be."""
    if 300 <= answer.status < 400:
        leads = urlsplit(answer.location)
        return f"it redirects to {shown(f'{leads.scheme}://{leads.netloc}'.encode())}"
    if reason := blocked(answer):
        return reason
    if answer.status == 404:
        return f"there is no {api} API at this path: the answer is 404"
    if answer.status != 200:
        return f"it answers {answer.status}"
    body = answer.body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if b"<html" in body[:1000].lower():
        return (
            "it answers with an HTML page: it is a captive portal of this network, or another kind "
            "of site"
        )
    expected = rb"<.*definitions" if api is Api.SOAP else rb"-?[0-9]+,"
    if not re.match(expected, body, re.DOTALL):
        what = "a WSDL" if api is Api.SOAP else "a code and a text"
        return f"the answer is not {what}, so this is not EVERY8D"
    return None


def _refused(api: Api, answer: Answer) -> str | None:
    """The reason why a login failed, or None if it did not."""
    code = re.search(
        rb"CODE(?:>|&gt;)(-?[0-9]+)" if api is Api.SOAP else rb"\A(-[0-9]+),", answer.body
    )
    if answer.status == 200 and (
        code[1] == b"0" if code else api is Api.HTTP and CREDIT.match(answer.body)
    ):
        return None
    if code is None:
        return f"the platform answers a login by {api} with {answer.status} and no code"
    found = code[1].decode()
    return _REFUSALS.get(found, f"the platform refuses a login by {api} with code {found}")
