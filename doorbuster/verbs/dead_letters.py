"""``doorbuster dead-letters``: what a served system could not handle, and why."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ..console import Format, output, print_json
from ..errors import Mendable
from ..options import IdleSeed, OutputFormat

if TYPE_CHECKING:
    from reference_services.hosting.dead_letters import DeadLetter
    from reference_services.hosting.settings import Settings
    from reference_services.kernel.system import System

EXAMPLE = "doorbuster dead-letters bookstore --broker kafka://127.0.0.1:9092 --replay"
PAYLOAD_SHOWN = 200
LEFT_IN_PLACE = "(left where it was found)"


def dead_letters(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="A system's name.", show_default=False)],
    broker: Annotated[
        str,
        typer.Option(
            metavar="kafka://HOST:PORT",
            envvar="DOORBUSTER_BROKER",
            help="The broker that the system runs on.",
            show_default=False,
        ),
    ] = "",
    replay: Annotated[bool, typer.Option("--replay", help="Put them back where they were found.")] = False,
    seed: IdleSeed = 0,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """List the messages that a system set aside because it could not handle them, or put them back."""
    from aiokafka.errors import KafkaError

    from reference_services.registry import load_system

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it has to say comes as an exception too
    wired = load_system(system, {})
    settings = _settings(system, broker)
    try:
        letters, replayed = asyncio.run(_letters(wired, settings, replay))
    except (KafkaError, OSError) as error:
        raise Mendable(f"the broker at {broker} cannot be asked: {error}") from error
    if output_format is Format.JSON:
        print_json({"system": system, "replayed": replayed, "dead_letters": [_document(each) for each in letters]})
        return
    if letters:
        output.print(_table(letters))
    else:
        output.print(f"{system} has set nothing aside.")
    if replay:
        output.print(f"Put back: {replayed}")


def _settings(system: str, broker: str) -> Settings:
    from reference_services.hosting.settings import STARTED_HERE

    from ..services import settings_of

    if broker in ("", *STARTED_HERE):
        raise Mendable("say which broker: --broker kafka://HOST:PORT; `doorbuster serve` prints it")
    return settings_of(system, broker=broker)


async def _letters(wired: System, settings: Settings, replay: bool) -> tuple[list[DeadLetter], int]:
    """Every letter as it was found, and how many of them were put back."""
    from reference_services.hosting.dead_letters import list_dead_letters, replay_dead_letters

    settings = settings.changed(partitions=await _partitions(wired, settings))
    letters = [letter for each in wired.deciding for letter in await list_dead_letters(wired, settings, each)]
    replayed = [await replay_dead_letters(wired, settings, each) for each in wired.deciding] if replay else []
    return letters, sum(replayed)


async def _partitions(wired: System, settings: Settings) -> int:
    """How many partitions the topics of the system have on that broker. Raises `Mendable` if there are none."""
    from aiokafka.admin import AIOKafkaAdminClient

    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        found = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
    finally:
        await admin.close()
    missing = [topic for topic in map(wired.dead_letters_topic, wired.deciding) if topic not in found]
    if missing:
        raise Mendable(f"{wired.name} does not run on the broker at {settings.broker}: it has no topic {missing[0]}")
    return found[wired.dead_letters_topic(wired.deciding[0])]


def _document(letter: DeadLetter) -> dict[str, Any]:
    return {
        "service": letter.service,
        "partition": letter.partition,
        "offset": letter.offset,
        "reason": letter.reason,
        "found": f"{letter.found_topic}/{letter.found_partition}/{letter.found_offset}",
        "key": _text(letter.key),
        "payload": _text(letter.payload),
        "left_in_place": letter.left_in_place,
        "replayed": letter.replayed,
    }


def _table(letters: list[DeadLetter]) -> Table:
    table = Table("service", "found", "reason", "payload", "put back", box=None, header_style="bold")
    for document in map(_document, letters):
        payload = LEFT_IN_PLACE if document["left_in_place"] else document["payload"][:PAYLOAD_SHOWN]
        table.add_row(
            document["service"], document["found"], document["reason"], payload, "yes" if document["replayed"] else "no"
        )
    return table


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="backslashreplace")
