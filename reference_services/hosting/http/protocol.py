"""uvicorn's HTTP protocol, answering with a problem what is not even HTTP."""

from __future__ import annotations

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ...kernel.problem import MALFORMED, Problem

HEAD = (
    b"HTTP/1.1 400 Bad Request\r\n"
    b"content-type: application/problem+json\r\n"
    b"connection: close\r\n"
    b"content-length: %d\r\n"
    b"\r\n"
)


class ProblemProtocol(HttpToolsProtocol):
    """As uvicorn's, but for the form of the one answer that it gives by itself."""

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that cannot be parsed as a request, and hang up."""
        body = msgspec.json.encode(Problem(MALFORMED, msg).body())
        self.transport.write(HEAD % len(body) + body)
        self.transport.close()
