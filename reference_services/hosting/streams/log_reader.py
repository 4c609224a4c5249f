"""Reads a stretch of a log from its broker, without a consumer group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.types import TP

RECORDS_A_TURN = 500
"""Records handed over before the event loop gets a turn: some 20 ms of folding."""

WAIT_MS = 1_000


async def read_log(
    bootstrap_servers: str, fetch_wait_ms: int, starts: Mapping[TP, int], ends: Mapping[TP, int]
) -> AsyncIterator[tuple[TP, int, bytes]]:
    """Every record from ``starts`` (inclusive) to ``ends`` (exclusive): its partition, its offset and its payload.

    Records of one partition come in order. Raises `aiokafka.errors.KafkaError` if the log does not reach back so far.
    """
    wanted = {TopicPartition(*tp): end for tp, end in ends.items() if starts[tp] < end}
    if not wanted:
        return
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, auto_offset_reset="none", fetch_max_wait_ms=fetch_wait_ms
    )
    await consumer.start()
    try:
        consumer.assign(list(wanted))
        for partition in wanted:
            consumer.seek(partition, starts[TP(*partition)])
        while wanted:
            for partition, records in (
                await consumer.getmany(*wanted, timeout_ms=WAIT_MS, max_records=RECORDS_A_TURN)
            ).items():
                for record in records:
                    yield TP(*partition), record.offset, record.value or b""
            wanted = {partition: end for partition, end in wanted.items() if await consumer.position(partition) < end}
            await asyncio.sleep(0)
    finally:
        await consumer.stop()
