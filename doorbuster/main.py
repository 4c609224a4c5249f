"""The command line: ``doorbuster``."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from .errors import INVALID, one_line_errors
from .verbs import check, dead_letters, doctor, list, load, rehearse, replay, report, serve, simulate  # noqa: A004

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Verbs(TyperGroup):
    """The verbs. Whatever a user can mend is told in one line, whichever verb meets it."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb that was asked for."""
        with one_line_errors():
            return super().invoke(ctx)


app = typer.Typer(
    cls=Verbs,
    help="Rehearse the rush before the doors open: in virtual time and for real, judged by the same checkers.",
    epilog="Begin with: doorbuster rehearse flash_sale",
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"doorbuster {version('doorbuster')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def doorbuster(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """What happens before any verb."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _add(name: str, verb: Callable[..., None], *examples: str) -> None:
    shown = "\n\n".join(examples)
    app.command(name, epilog=f"{'Example' if len(examples) == 1 else 'Examples'}: {shown}")(verb)


_add("list", list.list_scenarios, list.EXAMPLE)
_add("rehearse", rehearse.rehearse, rehearse.EXAMPLE)
_add("simulate", simulate.simulate, simulate.EXAMPLE, simulate.MANY_SEEDS_EXAMPLE)
_add("check", check.check, check.EXAMPLE, check.PLANT_EXAMPLE)
_add("replay", replay.replay, replay.EXAMPLE)
_add("serve", serve.serve, serve.EXAMPLE)
_add("load", load.load, load.EXAMPLE)
_add("report", report.report, report.EXAMPLE)
_add("dead-letters", dead_letters.dead_letters, dead_letters.EXAMPLE)
_add("doctor", doctor.doctor, doctor.EXAMPLE)


def main() -> None:
    """Run the command line and exit with its code (DESIGN: 0 pass, 1 objective, 2 usage, 3 invariant, 4 invalid)."""
    for number in ENDING_SIGNALS:
        signal.signal(number, _end)
    try:
        app()
    except Exception:  # a defect of ours: its exit code must not be taken for that of a missed objective
        traceback.print_exc()
        sys.exit(INVALID)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """End as on Ctrl-C: whatever was started is stopped on the way out."""
    raise SystemExit(128 + number)
