"""``doorbuster load``: only the load of a scenario, against something that is served already."""

from __future__ import annotations

import os
from typing import Annotated
from urllib.parse import urlsplit

import typer

from ..console import Format, print_json, progress
from ..errors import Mendable
from ..options import RUNS, OutputFormat, RunsFolder, ScenarioName, Seed, Variant

EXAMPLE = "DOORBUSTER_TOKEN_SECRET=... doorbuster load flash_sale --url http://127.0.0.1:8080"
SECRET = "DOORBUSTER_TOKEN_SECRET"  # noqa: S105 - the name of a variable


def load(
    scenario: ScenarioName,
    url: Annotated[str, typer.Option(metavar="URL", help="Where the services are mounted.", show_default=False)],
    seed: Seed = 7,
    variant: Annotated[Variant, typer.Option(help="Which size of the scenario.")] = Variant.LIVE,
    out: RunsFolder = RUNS,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Play a scenario's customers against a system that is served already, under the same terms.

    Judges speed and failures only: without the history of the system no invariant can be checked.
    DOORBUSTER_TOKEN_SECRET must be the secret under which it accepts bearer tokens.
    """
    from loadtests.plan import scenario_for

    from ..loading import judge_load, play_load
    from ..runs import run_folder
    from ..verdicts import paths_document, print_verdict, verdict_document

    resolved = scenario_for(scenario, variant.value)
    secret = _secret()
    _check_url(url)
    with run_folder(out, resolved, "load") as folder:
        with progress(f"Loading {url}") as tick:
            played = play_load(scenario, resolved, variant, url, secret, seed, folder, tick)
        verdict = judge_load(resolved, played)
    if output_format is Format.JSON:
        identity = {"scenario": resolved.name, "title": resolved.title, "seed": seed, "variant": variant.value}
        print_json(identity | verdict_document(verdict) | paths_document(folder))
    else:
        print_verdict(verdict, folder)
    raise typer.Exit(verdict.code)


def _secret() -> str:
    secret = os.environ.get(SECRET, "")
    if not secret:
        raise Mendable(
            f"set {SECRET} to the secret under which the services accept tokens; `doorbuster serve` prints it"
        )
    return secret


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Mendable(f"--url {url}: write it as http://127.0.0.1:8080")
