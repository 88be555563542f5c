"""The result of a comparison: what is kept of it, as JSON, and what it says of each clause."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from fake_every8d.compare.judging import Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out of a probe, with no secret in it."""

    probe: str
    """The probe's name."""
    api: str
    clauses: tuple[str, ...]
    verdict: Verdict
    reason: str = ""
    """Why it is not the same, in a sentence."""
    platform: str = ""
    """The platform's answer, around the first difference."""
    fake: str = ""
    """The fake's."""

    def lines(self) -> list[str]:
        """For people to read."""
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
    """As YYYY-MM-DD, in UTC."""
    edition: str
    """The fake's (E1)."""
    version: str
    """Of this package."""
    findings: tuple[Finding, ...]

    def json(self) -> str:
        """To be kept, and handed in."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    def count(self, verdict: Verdict) -> int:
        """How many probes came out like that."""
        return sum(finding.verdict is verdict for finding in self.findings)

    @property
    def clauses(self) -> list[str]:
        """The clauses that were asked after, in the contract's order."""
        names = {name for finding in self.findings for name in finding.clauses}
        return sorted(names, key=lambda name: (_LETTERS.index(name[0]), int(name[1:])))

    def verdicts(self) -> list[str]:
        """A line for each clause: confirmed or refuted, when and where."""
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
    """What is not a result; the text says where."""


def read(text: str) -> Result:
    """The result that `Result.json` wrote. Raises `BadResult`."""
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
        raise BadResult(f"is no result of compare --json: {error} is missing or wrong") from None


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
