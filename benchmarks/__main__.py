"""`python -m benchmarks [NAME …] [--beside PYTHON] [--alone] [--quick] [--check] [--json FILE]`"""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from benchmarks import http, large, latency, measuring, memory, peers, ratios, start, waiting
from benchmarks.products import Product

BENCHMARKS: dict[str, Callable[[Sequence[Product], bool], list[measuring.Result]]] = {
    "http": http.run,
    "latency": latency.run,
    "start": start.run,
    "memory": memory.run,
    "waiting": waiting.run,
    "large": large.run,
    "ratios": ratios.run,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)), metavar="[NAME]…")
@click.option(
    "--beside",
    metavar="PYTHON",
    help="Measure the fake-every8d of another environment in turn with this one's.",
)
@click.option("--alone", is_flag=True, help="Without the fakes of other services.")
@click.option("--quick", is_flag=True, help="Few and short rounds: does it run at all?")
@click.option("--check", is_flag=True, help="Fail if an aim is not met.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the figures there.")
def main(
    names: tuple[str, ...],
    beside: str | None,
    alone: bool,
    quick: bool,
    check: bool,
    file: Path | None,
) -> None:
    """Measure what fake-every8d costs: all of it, or the benchmarks named."""
    # Installed packages have their bytecode beside them, so the one measured may have it, too.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if alone:
        peers.PEERS.clear()
    products = [Product("fake-every8d")]
    if beside:
        products.append(Product("the other", os.path.abspath(beside)))
    machine = measuring.machine()
    click.echo(", ".join(f"{key} {value}" for key, value in machine.items()))
    click.echo(f"\n{measuring.TABLE}")
    benchmarks = {}
    missed = []
    for name in dict.fromkeys(names or BENCHMARKS):
        results = BENCHMARKS[name](products, quick)
        click.echo(measuring.table(name, results))
        benchmarks[name] = measuring.as_json(results)
        missed += [f"{row.what} (aim: {row.aim})" for row in results if row.met is False]
    if file is not None:
        report = {"machine": machine, "quick": quick, "benchmarks": benchmarks}
        file.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    if check and missed:
        raise click.ClickException(f"not met: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
