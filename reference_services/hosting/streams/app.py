"""The Faust app as this project tunes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import faust
from faust.types import TP
from faust.types.transports import TransportT
from mode import ServiceT
from yarl import URL

from ..settings import Settings
from .transport import TunedConsumer, TunedTransport

EMBEDDED_SESSION_S = 3.0
"""How long a member that stands still is waited for on one machine; one whose process has gone is not waited for."""

KAFKA_SESSION_S = 6.0
"""The shortest session that Kafka's brokers allow unless configured otherwise."""

HEARTBEATS_A_SESSION = 4
COMMIT_EVERY_S = 1.0
LINGER_S = 0.001
BATCH_BYTES = 256 * 1024


class StreamsApp(faust.App):
    """A Faust app without a folder on disk, without its web server, and without sensors on every message."""

    def __init__(self, app_id: str, settings: Settings) -> None:
        session_s = EMBEDDED_SESSION_S if settings.broker_embedded else KAFKA_SESSION_S
        self.bootstrap_servers = settings.bootstrap_servers
        self.fetch_wait_ms = settings.fetch_wait_ms
        super().__init__(
            app_id,
            broker=URL(settings.broker),
            autodiscover=False,
            broker_commit_interval=COMMIT_EVERY_S,
            broker_heartbeat_interval=session_s / HEARTBEATS_A_SESSION,
            broker_rebalance_timeout=session_s,
            broker_session_timeout=session_s,
            consumer_auto_offset_reset="earliest",
            producer_acks=-1,
            producer_linger=LINGER_S,
            producer_max_batch_size=BATCH_BYTES,
            # It compares offsets that nothing here uses: tables restore themselves.
            recovery_consistency_check=False,
            store="memory://",
            TableManager=f"{__package__}.table:EventSourcedTables",
            # Calls under way are repeated by the next owner of their partition; a rebalance must not wait for them.
            stream_wait_empty=False,
            # A table reads its log faster than a standby is worth.
            table_standby_replicas=0,
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=settings.partitions,
            web_enabled=False,
        )

    def on_init_dependencies(self) -> Iterable[ServiceT]:
        """Faust's services, without the monitor's hooks on each message."""
        services = super().on_init_dependencies()
        self.sensors.remove(self.monitor)
        return services

    def on_rebalance_start(self) -> None:
        """A rebalance begins."""
        super().on_rebalance_start()
        # Faust warns about an empty state, which is what having no sensors leads to.
        self._rebalancing_sensor_state = {"sensors": None}

    def raw_topic(self, *names: str) -> Any:
        """Topics whose keys and values are left alone: bytes in, bytes out."""
        return self.topic(*names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def first_offset(self, tp: TP) -> int:
        """Where consuming a partition starts: what has been committed, or else the beginning of the log."""
        consumer = cast(TunedConsumer, self.consumer)
        return await consumer.first_offset(tp)

    def _new_transport(self) -> TransportT:
        return TunedTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> TransportT:
        return TunedTransport(self.conf.broker_producer, self)

    def _create_directories(self) -> None:
        """Nothing is kept on disk."""
