"""``doorbuster replay``: play a tape again and compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..console import Format, print_json, progress
from ..options import IdleSeed, OutputFormat

EXAMPLE = "doorbuster replay runs/flash_sale/20260901-100000-check/shrunk.tape.json"


def replay(
    tape: Annotated[
        Path, typer.Argument(metavar="TAPE", help="A tape that doorbuster check has written.", show_default=False)
    ],
    times: Annotated[int, typer.Option(min=1, metavar="N", help="Play it so many times; all must be equal.")] = 1,
    story: Annotated[
        bool, typer.Option("--story/--no-story", help="Whether to write story.html beside the tape, anew.")
    ] = False,
    seed: IdleSeed = 0,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Play a tape again: the same history, message by message, or the first message that differs.

    Exits with 3 if what broke on the tape broke again, and with 0 if nothing broke, then and now. A history that
    differs proves nothing about the tape, and exits with 4.
    """
    from ..replaying import Replay, print_replay, replay_tape, write_story_beside

    with progress(f"Replaying {tape}") as tick:
        replayed: Replay = replay_tape(tape, times, tick)
    story_path = write_story_beside(replayed) if story else None
    if output_format is Format.JSON:
        print_json(replayed.document() | {"story": str(story_path) if story_path else None})
    else:
        print_replay(replayed, story_path)
    raise typer.Exit(replayed.code)
