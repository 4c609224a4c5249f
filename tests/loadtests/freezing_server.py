"""An HTTP server that answers everything at once, except that it stands still for a while, once.

    python freezing_server.py FREEZE_AFTER_S FREEZE_FOR_S

Time counts from the first request. It prints its port and serves an empty catalog, whatever it is asked. One thread,
no event loop of anybody's: what a client sees beyond the freeze is the client's.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
import time

BODY = b'{"products":[]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
BACKLOG = 4_096


def serve(listener: socket.socket, freeze_after_s: float, freeze_for_s: float) -> None:
    """Answer requests until the process is killed."""
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    freezes_at = 0.0
    while True:
        for key, _ in selector.select():
            freezes_at = freezes_at or time.monotonic() + freeze_after_s
            if time.monotonic() >= freezes_at:
                time.sleep(freeze_for_s)
                freezes_at = float("inf")
            if key.fileobj is listener:
                _accept_all(listener, selector)
            else:
                _answer(key.fileobj, selector)


def _accept_all(listener: socket.socket, selector: selectors.BaseSelector) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            connection, _ = listener.accept()
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ)
            _answer(connection, selector)


def _answer(connection: socket.socket, selector: selectors.BaseSelector) -> None:
    try:
        received = connection.recv(65_536)
    except BlockingIOError:
        return
    if received:
        connection.send(ANSWER * received.count(b"\r\n\r\n"))
    else:
        selector.unregister(connection)
        connection.close()


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as server:
        server.setblocking(False)
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        serve(server, float(sys.argv[1]), float(sys.argv[2]))
