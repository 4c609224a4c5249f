"""One process under supervision: started, asked whether it is ready, seen to die, stopped."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from .tether import tethered

Kind = Literal["broker", "provider", "worker", "gateway"]

TAIL_LINES = 15
ASK_LIMIT_S = 2.0


class ChildSpec(msgspec.Struct, frozen=True):
    """What to run. Its first line on stdout is JSON with ``listening``, the ``host:port`` of its pages.

    ``asks`` is how often ``/readyz`` must be answered in a row: more than once where several processes share a port and
    the kernel chooses who answers.
    """

    name: str
    kind: Kind
    command: Sequence[str]
    environment: Mapping[str, str]
    asks: int = 1


class Child:
    """A process that runs ``spec``, again and again if need be."""

    def __init__(self, spec: ChildSpec, logs: Path, lifeline_fd: int) -> None:
        self.spec = spec
        self.log_path = logs / f"{spec.name}.log"
        self.started_at = 0.0
        self.starts = 0
        self._said_path = logs / f"{spec.name}.said"
        self._lifeline_fd = lifeline_fd
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process. Its stderr goes to the end of its log."""
        with self.log_path.open("ab") as log, self._said_path.open("wb") as said:
            self._process = subprocess.Popen(
                tethered(self.spec.command, self._lifeline_fd),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=log,
                pass_fds=(self._lifeline_fd,),
                env=dict(self.spec.environment),
                start_new_session=True,
            )
        self.started_at = time.monotonic()
        self.starts += 1

    @property
    def pid(self) -> int:
        """The process id of the present or the last process; 0 before the first."""
        return self._process.pid if self._process is not None else 0

    @property
    def exit_code(self) -> int | None:
        """How the process ended, or None while it runs. Raises RuntimeError before the first start."""
        if self._process is None:
            raise RuntimeError(f"{self.spec.name} has not been started")
        return self._process.poll()

    def address(self) -> str:
        """Where its pages are, ``host:port``; empty as long as it has not said so."""
        try:
            with self._said_path.open("rb") as said:
                line = said.readline()
        except FileNotFoundError:
            return ""
        return str(msgspec.json.decode(line)["listening"]) if line.endswith(b"\n") else ""

    def ready(self) -> bool:
        """Whether ``/readyz`` answers 200."""
        address = self.address()
        return bool(address) and all(answers_ok(f"http://{address}/readyz") for _ in range(self.spec.asks))

    def send(self, number: int) -> None:
        """Send a signal; a process that has gone does not mind."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def wait(self, limit_s: float) -> bool:
        """Wait until the process has ended. Returns False if it has not within the limit."""
        if self._process is None:
            return True
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, limit_s: float) -> None:
        """Ask it to stop, and kill it if it has not within the limit."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)
        if not self.wait(limit_s):
            self.send(signal.SIGKILL)
            self.wait(limit_s)
        self._said_path.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of its log."""
        try:
            lines = self.log_path.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            lines = []
        return "\n".join(lines[-TAIL_LINES:]) or "(it said nothing)"


def answers_ok(url: str) -> bool:
    """Whether a GET of ``url`` is answered with 200, on a connection of its own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=ASK_LIMIT_S)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
