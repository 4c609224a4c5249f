"""What the broker answers to each request. Requests and responses are the Kafka client's own structures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import errors
from aiokafka.protocol import admin, commit, coordination, fetch, group, metadata, offset, produce

from .groups import OK, Group
from .log import BadBatch, PartitionLog

NODE = 0
NO_THROTTLE_MS = 0
LATEST = -1
EARLIEST = -2
UNKNOWN_PARTITION = errors.UnknownTopicOrPartitionError.errno
OUT_OF_RANGE = errors.OffsetOutOfRangeError.errno
CORRUPT = errors.CorruptRecordException.errno
TOPIC_EXISTS = errors.TopicAlreadyExistsError.errno
INVALID_PARTITIONS = errors.InvalidPartitionsError.errno
UNSUPPORTED = errors.UnsupportedVersionError.errno

SPOKEN: tuple[type[Any], ...] = (
    produce.ProduceRequest_v3,
    fetch.FetchRequest_v4,
    offset.OffsetRequest_v1,
    metadata.MetadataRequest_v1,
    commit.OffsetCommitRequest_v2,
    commit.OffsetFetchRequest_v1,
    coordination.FindCoordinatorRequest_v0,
    group.JoinGroupRequest_v2,
    group.HeartbeatRequest_v0,
    group.LeaveGroupRequest_v0,
    group.SyncGroupRequest_v0,
    admin.ApiVersionRequest_v0,
    admin.CreateTopicsRequest_v1,
)
"""The one version of each request that is understood; clients pick it because it is all that is offered."""


class Connection:
    """What the broker remembers about one client's connection: for which members of which groups it speaks.

    ``port`` is where the client finds the broker: the broker's own, or that of a relay before it.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.members: set[tuple[str, str]] = set()


class Broker:
    """The topics and groups of a broker on ``host``."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._topics: dict[str, list[PartitionLog]] = {}
        self._groups: dict[str, Group] = {}
        self._answers: dict[int, Callable[[Any, str, Connection], Awaitable[Any]]] = {
            produce.ProduceRequest_v3.API_KEY: self._produce,
            fetch.FetchRequest_v4.API_KEY: self._fetch,
            offset.OffsetRequest_v1.API_KEY: self._list_offsets,
            metadata.MetadataRequest_v1.API_KEY: self._metadata,
            commit.OffsetCommitRequest_v2.API_KEY: self._commit,
            commit.OffsetFetchRequest_v1.API_KEY: self._committed,
            coordination.FindCoordinatorRequest_v0.API_KEY: self._find_coordinator,
            group.JoinGroupRequest_v2.API_KEY: self._join,
            group.HeartbeatRequest_v0.API_KEY: self._heartbeat,
            group.LeaveGroupRequest_v0.API_KEY: self._leave,
            group.SyncGroupRequest_v0.API_KEY: self._sync,
            admin.ApiVersionRequest_v0.API_KEY: self._versions,
            admin.CreateTopicsRequest_v1.API_KEY: self._create_topics,
        }

    async def answer(self, request: Any, client_id: str, connection: Connection) -> Any:
        """The response to ``request``, or None if none is wanted."""
        return await self._answers[request.API_KEY](request, client_id, connection)

    def look(self) -> None:
        """Let time pass for every group; to be called several times a second."""
        for each in self._groups.values():
            each.look()

    def hang_up(self, connection: Connection) -> None:
        """A connection has ended, and with it the members for which it spoke: Kafka would wait for their sessions."""
        for group_id, member_id in connection.members:
            self._group(group_id).leave(member_id)

    async def _produce(self, request: Any, client_id: str, connection: Connection) -> Any:
        topics = [
            (topic, [(number, *self._append(topic, number, record_set), -1) for number, record_set in partitions])
            for topic, partitions in request.topics
        ]
        return request.RESPONSE_TYPE(topics, NO_THROTTLE_MS) if request.required_acks else None

    def _append(self, topic: str, number: int, record_set: bytes) -> tuple[int, int]:
        log = self._log(topic, number)
        if log is None:
            return UNKNOWN_PARTITION, -1
        try:
            return OK, log.append(record_set)
        except BadBatch:
            return CORRUPT, -1

    async def _fetch(self, request: Any, client_id: str, connection: Connection) -> Any:
        logs = [log for topic, parts in request.topics for number, *_ in parts if (log := self._log(topic, number))]
        grown = asyncio.Event()
        for log in logs:
            log.tell(grown)
        try:
            topics, size = self._read(request)
            if size < request.min_bytes:
                await asyncio.wait_for(grown.wait(), request.max_wait_time / 1_000)
                topics, _ = self._read(request)
        except TimeoutError:
            pass
        finally:
            for log in logs:
                log.forget(grown)
        return request.RESPONSE_TYPE(NO_THROTTLE_MS, topics)

    def _read(self, request: Any) -> tuple[list[Any], int]:
        left = request.max_bytes
        answered: list[Any] = []
        urgent = 0
        for topic, partitions in request.topics:
            parts: list[Any] = []
            for number, start, bytes_max in partitions:
                log = self._log(topic, number)
                error = UNKNOWN_PARTITION if log is None else OK if 0 <= start <= log.end else OUT_OF_RANGE
                end = log.end if log is not None else -1
                found = log.read(start, min(left, bytes_max)) if log is not None and not error and left > 0 else b""
                left -= len(found)
                urgent += bool(error) * request.min_bytes
                parts.append((number, error, end, end, [], found))
            answered.append((topic, parts))
        return answered, request.max_bytes - left + urgent

    async def _list_offsets(self, request: Any, client_id: str, connection: Connection) -> Any:
        return request.RESPONSE_TYPE(
            [
                (topic, [(number, *self._offset_at(topic, number, moment)) for number, moment in partitions])
                for topic, partitions in request.topics
            ]
        )

    def _offset_at(self, topic: str, number: int, moment: int) -> tuple[int, int, int]:
        log = self._log(topic, number)
        if log is None:
            return UNKNOWN_PARTITION, -1, -1
        if moment == LATEST:
            return OK, -1, log.end
        return (OK, -1, 0) if moment == EARLIEST else (UNSUPPORTED, -1, -1)

    async def _metadata(self, request: Any, client_id: str, connection: Connection) -> Any:
        names = self._topics if request.topics is None else request.topics
        topics = [
            (OK, name, False, [(OK, number, NODE, [NODE], [NODE]) for number in range(len(self._topics[name]))])
            if name in self._topics
            else (UNKNOWN_PARTITION, name, False, [])
            for name in names
        ]
        return request.RESPONSE_TYPE([(NODE, self._host, connection.port, None)], NODE, topics)

    async def _create_topics(self, request: Any, client_id: str, connection: Connection) -> Any:
        return request.RESPONSE_TYPE(
            [
                (name, self._create(name, partitions, request.validate_only), None)
                for name, partitions, *_ in request.create_topic_requests
            ]
        )

    def _create(self, name: str, partitions: int, validate_only: bool) -> int:
        if name in self._topics:
            return TOPIC_EXISTS
        if partitions < 1:
            return INVALID_PARTITIONS
        if not validate_only:
            self._topics[name] = [PartitionLog() for _ in range(partitions)]
        return OK

    async def _find_coordinator(self, request: Any, client_id: str, connection: Connection) -> Any:
        return request.RESPONSE_TYPE(OK, NODE, self._host, connection.port)

    async def _join(self, request: Any, client_id: str, connection: Connection) -> Any:
        joined = await self._group(request.group).join(
            client_id,
            request.member_id,
            dict(request.group_protocols),
            request.session_timeout / 1_000,
            request.rebalance_timeout / 1_000,
        )
        if joined.member_id:
            connection.members.add((request.group, joined.member_id))
        return request.RESPONSE_TYPE(
            NO_THROTTLE_MS,
            joined.error,
            joined.generation,
            joined.protocol,
            joined.leader,
            joined.member_id,
            joined.members,
        )

    async def _sync(self, request: Any, client_id: str, connection: Connection) -> Any:
        synced = self._group(request.group).sync(request.member_id, request.generation_id, request.group_assignment)
        return request.RESPONSE_TYPE(*await synced)

    async def _heartbeat(self, request: Any, client_id: str, connection: Connection) -> Any:
        return request.RESPONSE_TYPE(self._group(request.group).heartbeat(request.member_id, request.generation_id))

    async def _leave(self, request: Any, client_id: str, connection: Connection) -> Any:
        connection.members.discard((request.group, request.member_id))
        return request.RESPONSE_TYPE(self._group(request.group).leave(request.member_id))

    async def _commit(self, request: Any, client_id: str, connection: Connection) -> Any:
        offsets = {(topic, number): start for topic, partitions in request.topics for number, start, _ in partitions}
        error = self._group(request.consumer_group).commit(
            request.consumer_id, request.consumer_group_generation_id, offsets
        )
        topics = [(topic, [(number, error) for number, *_ in partitions]) for topic, partitions in request.topics]
        return request.RESPONSE_TYPE(topics)

    async def _committed(self, request: Any, client_id: str, connection: Connection) -> Any:
        committed = self._group(request.consumer_group).committed
        return request.RESPONSE_TYPE(
            [
                (topic, [(number, committed.get((topic, number), -1), "", OK) for number in partitions])
                for topic, partitions in request.topics
            ]
        )

    async def _versions(self, request: Any, client_id: str, connection: Connection) -> Any:
        return request.RESPONSE_TYPE(OK, [(each.API_KEY, each.API_VERSION, each.API_VERSION) for each in SPOKEN])

    def _group(self, group_id: str) -> Group:
        return self._groups.setdefault(group_id, Group())

    def _log(self, topic: str, number: int) -> PartitionLog | None:
        logs = self._topics.get(topic)
        return logs[number] if logs is not None and 0 <= number < len(logs) else None
