"""The command line, called in this process where that is enough and as a process of its own where it is not."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from typer.testing import CliRunner, Result

from doorbuster.main import app

MARK = "TESTED_COMMAND_LINE"
"""A variable that every process inherits from the command line that started it, however far below."""


class CommandLine:
    """``doorbuster`` in this process, in a folder of its own."""

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="doorbuster")

    def json(self, *arguments: object) -> Any:
        """The one document on standard output, whatever the exit code."""
        result = self(*arguments, "--format", "json")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return json.loads(result.stdout)


class Process:
    """``doorbuster`` as a process of its own, as a context."""

    def __init__(self, folder: Path, *arguments: object, **environment: str) -> None:
        self.mark = uuid.uuid4().hex
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self._output, self._errors = folder / f"{self.mark}.out", folder / f"{self.mark}.err"
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "doorbuster", *map(str, arguments)],
                cwd=folder,
                env={**os.environ, "TMPDIR": str(self.temporary), MARK: self.mark, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.popen.wait()

    @property
    def stdout(self) -> str:
        return self._output.read_text()

    @property
    def stderr(self) -> str:
        return self._errors.read_text()

    def wait_until(self, condition: Callable[[], bool], limit_s: float = 60) -> None:
        end = time.monotonic() + limit_s
        while not condition():
            assert self.popen.poll() is None, self.stderr
            assert time.monotonic() < end, self.stderr
            time.sleep(0.1)

    def ended(self, limit_s: float = 100) -> int:
        """Wait for the end; the exit code."""
        return self.popen.wait(limit_s)

    def processes(self) -> list[psutil.Process]:
        """The process and everything that it started, directly or not."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def leaves_no_process(self, limit_s: float = 10) -> bool:
        end = time.monotonic() + limit_s
        while self.processes() and time.monotonic() < end:
            time.sleep(0.1)
        return not self.processes()
