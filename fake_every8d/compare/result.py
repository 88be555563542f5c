"""The result of a comparison: as JSON, and as a verdict on each clause."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from fake_every8d.compare.judging import Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of a probe, without secrets."""

    probe: str
    """The probe's name."""
    api: str
    clauses: tuple[str, ...]
    verdict: Verdict
    reason: str = ""
    """The difference in a sentence, or the reason why the probe is not comparable."""
    platform: str = ""
    """The platform's answer, around the first difference."""
    fake: str = ""
    """The fake's answer, likewise."""

    def lines(self) -> list[str]:
        """The finding in lines for people."""
        told = [f"{' '.join(self.clauses):14}  {self.verdict:14}  {self.api}: {self.probe}"]
        told += [
            f"{'':16}{name}{text}"
            for name, text in (
                ("", self.reason),
                ("platform  ", self.platform),
                ("fake      ", self.fake),
            )
            if text
        ]
        return told


@dataclass(frozen=True, slots=True)
class Result:
    """A comparison with one host on one day."""

    host: str
    date: str
    """The date as YYYY-MM-DD, in UTC."""
    edition: str
    """The fake's edition (E1)."""
    version: str
    """The version of this package."""
    findings: tuple[Finding, ...]

    def json(self) -> str:
        """The result as JSON, for a file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    def count(self, verdict: Verdict) -> int:
        """The number of probes with a verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)

    @property
    def clauses(self) -> list[str]:
        """The clauses that were checked, in the contract's order."""
        names = {name for finding in self.findings for name in finding.clauses}
        return sorted(names, key=lambda name: (_LETTERS.index(name[0]), int(name[1:])))

    def verdicts(self) -> list[str]:
        """A line for each clause: confirmed or refuted, with date and host."""
        return [self._said_of(clause) for clause in self.clauses]

    def _said_of(self, clause: str) -> str:
        asked = [finding for finding in self.findings if clause in finding.clauses]
        refuting = [finding for finding in asked if finding.verdict is Verdict.DIFFERENT]
        confirming = [finding for finding in asked if finding.verdict is Verdict.SAME]
        found = (
            f"{len(refuting or confirming)} of {len(asked)} probes, on {self.date} at {self.host}"
        )
        if refuting:
            reasons = "; ".join(
                f"{finding.api}, {finding.probe}: {finding.reason}" for finding in refuting
            )
            return f"{clause}: refuted by {found}, edition {self.edition}: {reasons}"
        if confirming:
            return f"{clause}: confirmed by {found}, edition {self.edition}"
        return f"{clause}: not comparable: {asked[0].reason}"


_LETTERS = "WANPSDRTEHX"


class BadResult(ValueError):
    """The text is not a result; the message says where."""


def read(text: str) -> Result:
    """Read the result that `Result.json` wrote. Raises `BadResult`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadResult(f"is not JSON: {error}") from None
    try:
        host, date, edition, made_by = (
            _text(value, name) for name in ("host", "date", "edition", "version")
        )
        return Result(
            host,
            date,
            edition,
            made_by,
            tuple(_finding(each, place) for place, each in enumerate(value["findings"], 1)),
        )
    except (KeyError, TypeError) as error:
        raise BadResult(f"is not a result of compare --json: {error} is missing or wrong") from None


def _finding(value: Any, place: int) -> Finding:
    clauses = value["clauses"]
    if not isinstance(clauses, list) or not all(
        isinstance(name, str) and name[:1] in _LETTERS and name[1:].isdecimal() for name in clauses
    ):
        raise BadResult(f"findings[{place}]: clauses must be a list of names such as W3")
    try:
        verdict = Verdict(value["verdict"])
    except ValueError:
        known = ", ".join(Verdict)
        raise BadResult(f"findings[{place}]: verdict must be one of {known}") from None
    texts = {name: _text(value, name) for name in ("reason", "platform", "fake")}
    return Finding(_text(value, "probe"), _text(value, "api"), tuple(clauses), verdict, **texts)


def _text(value: Any, name: str) -> str:
    text = value[name]
    if not isinstance(text, str):
        raise BadResult(f"{name} must be text")
    return text
