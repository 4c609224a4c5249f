"""Runs a whole system on one machine: starts its processes, watches them, and leaves nothing behind.

    with Supervisor(settings, Topology.of(system), run_dir) as supervisor:
        ...  # supervisor.gateway_url answers

Whatever becomes of this process, Ctrl-C and ``kill -9`` included, the processes below it end with it.
"""

from __future__ import annotations

import asyncio
import atexit
import base64
import os
import secrets
import signal
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Literal, Self

import msgspec
import psutil
import structlog

from ..registry import load_system
from .broker import LOOPBACK, BrokerFailed, EmbeddedBroker, create_topics, free_port
from .child import Child, ChildSpec, Kind
from .control import ControlSocket
from .keeper import STOP_LIMIT_S, Keeper
from .relays import Relays
from .settings import EMBEDDED, STARTED_HERE, Settings
from .specs import gateway_specs, provider_spec, webhooks_path, worker_specs
from .topology import Topology

BROKER = "broker"
READY_WITHIN_S = 30.0
ASK_EVERY_S = 0.05
STOP_LIMIT_WITHOUT_BROKER_S = 1.0
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)

logger = structlog.stdlib.get_logger(__name__)


class SupervisionFailed(RuntimeError):
    """The system did not get ready, or cannot go on; the text says which process and quotes the end of its log."""


class UnknownProcess(LookupError):
    """There is no process of that name; the text lists those that there are."""


class ProcessInfo(msgspec.Struct, frozen=True):
    """One process as it is now. ``metrics_url`` is empty for those that have none."""

    name: str
    kind: Kind
    pid: int
    state: Literal["running", "paused", "down"]
    restarts: int
    metrics_url: str
    rss_bytes: int
    log: str


class Supervisor:
    """The processes of one system. ``settings`` are completed on start: ports, addresses and secrets that were left
    open are chosen."""

    def __init__(
        self, settings: Settings, topology: Topology, run_dir: Path, *, ready_within_s: float = READY_WITHIN_S
    ) -> None:
        self.settings = settings
        self._topology = topology
        self._run_dir = run_dir
        self._ready_within_s = ready_within_s
        self._broker: EmbeddedBroker | None = None
        self._children: dict[str, Child] = {}
        self._keeper = Keeper(self._reason_to_end)
        self._lifeline = (-1, -1)
        self._control: ControlSocket | None = None
        self._relays: Relays | None = None
        self._stop_lock = threading.Lock()
        self._stopped = True
        self._signals_before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def gateway_url(self) -> str:
        """Where the system's HTTP API is."""
        return f"http://{self.settings.http_host}:{self.settings.http_port}"

    @property
    def socket_path(self) -> Path:
        """The control socket; see `control` for what can be said there."""
        if self._control is None:
            raise SupervisionFailed("the supervisor has not been started")
        return self._control.path

    @property
    def relays(self) -> Relays:
        """The relays of the topology's links."""
        if self._relays is None:
            raise SupervisionFailed("the supervisor has not been started")
        return self._relays

    @property
    def failure(self) -> str:
        """Why the system cannot go on; empty while it can."""
        return self._keeper.failure

    def start(self) -> None:
        """Start everything and wait until it is ready. Raises `SupervisionFailed`, having stopped everything again."""
        (self._run_dir / "logs").mkdir(parents=True, exist_ok=True)
        self._stopped = False
        self._lifeline = os.pipe()
        self._relays = Relays(self._topology.links)
        atexit.register(self.stop)
        self._end_on_signals()
        self._keeper.start()
        try:
            self._keeper.do(self._start_processes)
            self._control = ControlSocket(self, self._run_dir)
            self.wait_until_ready(self._ready_within_s)
        except BrokerFailed as error:
            self.stop()
            raise SupervisionFailed(str(error)) from error
        except BaseException:  # Ctrl-C too must leave nothing behind
            self.stop()
            raise

    def wait_until_ready(self, limit_s: float) -> None:
        """Wait until every process says that it is ready. Raises `SupervisionFailed` after ``limit_s``."""
        waiting = list(self._children.values())
        end = time.monotonic() + limit_s
        while waiting := [child for child in waiting if not child.ready()]:
            if self.failure:
                raise SupervisionFailed(self.failure)
            if time.monotonic() > end:
                late = waiting[0]
                raise SupervisionFailed(
                    f"{late.spec.name} is not ready after {limit_s:.0f} s; the end of {late.log_path}:\n"
                    f"{late.last_words()}"
                )
            time.sleep(ASK_EVERY_S)

    def processes(self) -> list[ProcessInfo]:
        """Every process, the broker first if it is ours."""
        infos = [self._child_info(child) for child in self._children.values()]
        if self._broker is not None and self._broker.poll() is None:
            pid = self._broker.pid
            log_path = str(self._log_path(BROKER))
            infos.insert(0, ProcessInfo(BROKER, "broker", pid, _state(pid), 0, "", _rss_bytes(pid), log_path))
        return infos

    def kill(self, name: str, number: int = signal.SIGKILL, down_s: float = 0.0) -> None:
        """Send a signal. If the process dies of it, it is started again, ``down_s`` later at the earliest.

        Raises `UnknownProcess`.
        """
        if name == BROKER and self._broker is not None:
            os.kill(self._broker.pid, number)
            return
        child = self._child(name)

        def stay_down_and_send() -> None:
            self._keeper.stay_down(name, down_s)
            child.send(number)  # here, so that who asks first is first: a SIGCONT must not overtake its SIGSTOP

        self._keeper.do(stay_down_and_send)

    def come_back(self, name: str) -> None:
        """Start a process that is down at once; one that runs is left alone. Raises `UnknownProcess`."""
        self._child(name)
        self._keeper.do(lambda: self._keeper.come_back(name))

    def pause(self, name: str) -> None:
        """Stop a process where it stands, without its noticing (SIGSTOP). Raises `UnknownProcess`."""
        self.kill(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a paused process go on (SIGCONT). Raises `UnknownProcess`."""
        self.kill(name, signal.SIGCONT)

    def restart(self, name: str) -> None:
        """Stop a process cleanly and start it again. Raises `UnknownProcess`."""
        child = self._child(name)

        def stop_and_start() -> None:
            self._keeper.stop_all([child])
            self._keeper.start_all([child])

        self._keeper.do(stop_and_start)

    def stop(self) -> None:
        """Stop everything, those first who make work for others. May be called twice."""
        with self._stop_lock:
            if self._stopped:
                return
            self._stopped = True
            if self._control is not None:
                self._control.close()
            if self._keeper.is_alive():
                self._keeper.do(self._stop_processes)
                self._keeper.finish()
                self._keeper.join()
            if self._relays is not None:
                self._relays.close()
            for end in self._lifeline:
                os.close(end)
            for number, handler in self._signals_before.items():
                signal.signal(number, handler)
            atexit.unregister(self.stop)

    def _start_processes(self) -> None:
        self._complete_settings()
        system = load_system(self.settings.system, self.settings.terms)
        asyncio.run(create_topics(self.settings, system))
        specs: list[ChildSpec] = []
        if self._topology.provider:
            port = int(self.settings.provider_url.rpartition(":")[2])
            journal = self._run_dir / "provider.journal"
            specs.append(provider_spec(self.settings, self._topology, port, journal, webhooks_path(system)))
        specs += worker_specs(self.settings, self._topology, self.relays)
        specs += gateway_specs(self.settings, self._topology, self.relays)
        logs = self._run_dir / "logs"
        self._children = {spec.name: Child(spec, logs, self._lifeline[0]) for spec in specs}
        self._keeper.start_all(list(self._children.values()))

    def _complete_settings(self) -> None:
        chosen: dict[str, Any] = {}
        relayed = self.relays.ports_to_broker
        if relayed and self.settings.broker != EMBEDDED:
            raise SupervisionFailed("only the embedded broker can be reached through a relay; leave out its links")
        if self.settings.broker in STARTED_HERE:
            self._broker = EmbeddedBroker(self._log_path(BROKER), self.settings.broker, relayed)
            self._broker.start()
            chosen |= {"broker": self._broker.url, "broker_embedded": True}
        if not self.settings.http_port:
            chosen["http_port"] = free_port()
        provider_port = free_port()
        if self._topology.provider:
            chosen["provider_url"] = f"http://{LOOPBACK}:{provider_port}"
        self.relays.lead_to(provider_port, self._broker.relayed_ports if self._broker is not None else {})
        if not self.settings.token_secret:
            chosen["token_secret"] = secrets.token_urlsafe(32)
        if not self.settings.webhook_secret:
            chosen["webhook_secret"] = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.settings = self.settings.changed(**chosen)

    def _stop_processes(self) -> None:
        # Without the broker nobody can finish anything.
        limit_s = STOP_LIMIT_WITHOUT_BROKER_S if self._reason_to_end() else STOP_LIMIT_S
        for kind in ("gateway", "worker", "provider"):
            self._keeper.stop_all([child for child in self._children.values() if child.spec.kind == kind], limit_s)
        if self._broker is not None:
            self._broker.stop()

    def _reason_to_end(self) -> str:
        if self._broker is not None and (code := self._broker.poll()) is not None:
            return f"the embedded broker ended with status {code}, and with it everything that it held in memory"
        return ""

    def _end_on_signals(self) -> None:
        """Make the signals that end a process end the ``with`` block. SIGINT does so already."""
        if threading.current_thread() is not threading.main_thread():
            return

        def end(number: int, frame: FrameType | None) -> None:
            raise SystemExit(128 + number)

        self._signals_before = {number: signal.signal(number, end) for number in ENDING_SIGNALS}

    def _child(self, name: str) -> Child:
        try:
            return self._children[name]
        except KeyError:
            raise UnknownProcess(f"there is no process {name!r}; there are {', '.join(self._children)}") from None

    def _child_info(self, child: Child) -> ProcessInfo:
        spec, pid = child.spec, child.pid
        address = child.address()
        url = f"http://{address}/metrics" if address else ""
        down = child.exit_code is not None
        state: Literal["running", "paused", "down"] = "down" if down else _state(pid)
        rss = 0 if down else _rss_bytes(pid)
        return ProcessInfo(spec.name, spec.kind, pid, state, child.starts - 1, url, rss, str(child.log_path))

    def _log_path(self, name: str) -> Path:
        return self._run_dir / "logs" / f"{name}.log"


def _state(pid: int) -> Literal["running", "paused", "down"]:
    try:
        return "paused" if psutil.Process(pid).status() == psutil.STATUS_STOPPED else "running"
    except psutil.NoSuchProcess:
        return "down"


def _rss_bytes(pid: int) -> int:
    try:
        rss: int = psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0
    return rss
