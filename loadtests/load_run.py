"""Starts a load generator as a process of its own and follows it: the Python side of ``python -m loadtests run``.

A process of its own, because Locust replaces the standard library's blocking calls in the one that it runs in.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from reference_services.kernel.client_history import ClientCall
from scenarios.run_records import RequestRow

from .call_log import read_calls
from .plan import Variant
from .recorder import read_requests
from .report import Line, LoadReport, Progress, Started
from .tokens import SECRET_VARIABLE

LOG = "load.log"
STOP_TIMEOUT_S = 15.0


class LoadFailed(Exception):
    """The load could not begin, or its process died; one line says why."""


class LoadRun:
    """One run of a scenario's load against the system at ``base_url``.

    Use it as a context manager; leaving it early stops the load. ``folder``, which must not hold another run, gets the
    calls, the report and the log. ``scenario`` is a name or the path of a YAML file.
    """

    def __init__(
        self,
        scenario: str | Path,
        *,
        base_url: str,
        token_secret: str,
        seed: int,
        folder: Path,
        variant: Variant = "live",
    ) -> None:
        self.folder = folder
        self._command = [
            *(sys.executable, "-m", "loadtests", "run", "--stop-with-stdin"),
            *("--scenario", str(scenario), "--variant", variant, "--seed", str(seed)),
            *("--base-url", base_url, "--token-secret-env", SECRET_VARIABLE, "--out", str(folder)),
        ]
        self._environment = {**os.environ, SECRET_VARIABLE: token_secret}
        self._report: LoadReport | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOG).open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=self._environment
            )
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def pid(self) -> int:
        """The process id of the load generator."""
        return self._process.pid

    def progress(self) -> Iterator[Started | Progress]:
        """First that it has started, then how it stands, once a second, until it ends. Raises `LoadFailed`."""
        decode = msgspec.json.Decoder(Line).decode
        assert self._process.stdout is not None
        for text in self._process.stdout:
            line = decode(text)
            if isinstance(line, LoadReport):
                self._report = line
            else:
                yield line
        self._process.wait()
        if self._report is None:
            raise LoadFailed(self._why())

    @property
    def report(self) -> LoadReport:
        """What came of it, once `progress` has ended. Raises `LoadFailed` before that."""
        if self._report is None:
            raise LoadFailed("the load has not ended yet")
        return self._report

    def requests(self) -> Iterator[RequestRow]:
        """Every call that was made, the staff's included, in the order in which they ended."""
        return read_requests(self.folder)

    def calls(self) -> Iterator[ClientCall]:
        """What clients saw of the calls that a checker of their history wants to know whole."""
        return read_calls(self.folder)

    def stop(self) -> None:
        """End the load early; what has been recorded so far stays."""
        if self._process.poll() is None:
            self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT_S)
            return
        self._process.kill()
        self._process.wait()

    def _why(self) -> str:
        lines = (self.folder / LOG).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"the load generator ended with status {self._process.returncode}"
