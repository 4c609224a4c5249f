"""The control socket: how others on the machine make processes fail and heal, without importing anything of ours.

A Unix domain socket; one request a line, one answer a line, both JSON objects.

    {"do": "list"}                                  -> {"ok": true, "processes": [{"name": "orders-1", ...}, ...]}
    {"do": "kill", "name": "orders-1", "down_s": 2} -> {"ok": true}     signal: "SIGKILL" unless another is named
    {"do": "start", "name": "orders-1"}             -> {"ok": true}     at once, if it is down
    {"do": "stop", "name": "orders-1"}              -> {"ok": true}     SIGSTOP
    {"do": "cont", "name": "orders-1"}              -> {"ok": true}     SIGCONT
    {"do": "restart", "name": "orders-1"}           -> {"ok": true}     SIGTERM, wait, start
    {"do": "slow_link", "between": ["payments", "provider"], "extra_s": 0.2}  -> {"ok": true}     see `relays`
    {"do": "cut_link", "between": [...]}            -> {"ok": true}
    {"do": "mend_link", "between": [...]}           -> {"ok": true}
    anything else                                   -> {"ok": false, "error": "..."}
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socketserver
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

if TYPE_CHECKING:
    from .supervisor import Supervisor

SOCKET_NAME = "control.sock"
PATH_BYTES_MAX = 100
"""Unix domain sockets have short names: 104 bytes on macOS, 108 on Linux."""

REQUEST_BYTES_MAX = 4_096
EXTRA_S_MAX = 3_600.0


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a client."""

    do: Literal["list", "kill", "start", "stop", "cont", "restart", "slow_link", "cut_link", "mend_link"]
    name: str = ""
    signal: str = "SIGKILL"
    down_s: float = 0.0
    between: tuple[str, str] = ("", "")
    extra_s: Annotated[float, msgspec.Meta(ge=0, le=EXTRA_S_MAX)] = 0.0


def _folder_with_a_short_name() -> Path:
    """Where a temporary folder can hold a socket: where they usually are, unless that is too long a name, too."""
    usual = Path(tempfile.gettempdir())
    longest = usual / "doorbuster-12345678" / SOCKET_NAME
    return usual if len(bytes(longest)) <= PATH_BYTES_MAX else Path("/tmp")  # noqa: S108 (mkdtemp makes it ours alone)


class ControlSocket:
    """Listens until closed. The socket lies in the run folder, or elsewhere if that folder's name is too long."""

    def __init__(self, supervisor: Supervisor, run_dir: Path) -> None:
        self._temporary: Path | None = None
        self.path = run_dir.absolute() / SOCKET_NAME
        if len(bytes(self.path)) > PATH_BYTES_MAX:
            self._temporary = Path(tempfile.mkdtemp(prefix="doorbuster-", dir=_folder_with_a_short_name()))
            self.path = self._temporary / SOCKET_NAME
        self.path.unlink(missing_ok=True)
        self._server = _Server(str(self.path), _handler(supervisor))
        self.path.chmod(0o600)
        self._thread = threading.Thread(target=self._server.serve_forever, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and take the socket away."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.path.unlink(missing_ok=True)
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    # A connection that idles must not keep the supervisor from closing.
    block_on_close = False


def answer(supervisor: Supervisor, line: bytes) -> dict[str, Any]:
    """Do what one line asks for and say how that went."""
    try:
        request = msgspec.json.decode(line, type=Request)
        if request.do == "list":
            return {"ok": True, "processes": supervisor.processes()}
        _do(supervisor, request)
    except (msgspec.DecodeError, LookupError, ValueError) as error:
        return {"ok": False, "error": str(error)}
    return {"ok": True}


def _do(supervisor: Supervisor, request: Request) -> None:
    match request.do:
        case "kill":
            supervisor.kill(request.name, _signal(request.signal), request.down_s)
        case "start":
            supervisor.come_back(request.name)
        case "stop":
            supervisor.pause(request.name)
        case "cont":
            supervisor.resume(request.name)
        case "restart":
            supervisor.restart(request.name)
        case "slow_link":
            supervisor.relays.slow(request.between, request.extra_s)
        case "cut_link":
            supervisor.relays.cut(request.between)
        case "mend_link":
            supervisor.relays.mend(request.between)


def _signal(name: str) -> int:
    try:
        return signal.Signals[name]
    except KeyError:
        raise ValueError(f"there is no signal {name!r}; write e.g. SIGKILL or SIGTERM") from None


def _handler(supervisor: Supervisor) -> Callable[..., socketserver.BaseRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):  # who asked may have lost patience
                while line := self.rfile.readline(REQUEST_BYTES_MAX):
                    self.wfile.write(msgspec.json.encode(answer(supervisor, line)) + b"\n")

    return Handler
