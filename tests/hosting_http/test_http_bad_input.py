"""Whatever is sent, the answer is a problem that says what is wrong, and nothing is lost or broken by it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from deciding import Deciding
from http_talk import assert_problem, bearer, keyed
from running_gateway import RunningGateway

JSON = {"Content-Type": "application/json"}

BODIES = {
    "nothing": (b"", 400, "malformed-request"),
    "not JSON": (b"kind=coffee", 400, "malformed-request"),
    "cut off": (b'{"kind": "cof', 400, "malformed-request"),
    "something after the end": (b'{"kind": "coffee"} {}', 400, "malformed-request"),
    "not UTF-8": (b'{"kind": "\xff\xfe"}', 400, "malformed-request"),
    "half a surrogate pair": (b'{"kind": "\\ud800"}', 400, "malformed-request"),
    "a deep nest": (b'{"kind": ' + b"[" * 30_000, 422, "unprocessable"),
    "a deep nest as a whole": (b"[" * 60_000, 422, "unprocessable"),
    "a list": (b"[]", 422, "unprocessable"),
    "null": (b"null", 422, "unprocessable"),
    "a missing member": (b'{"cups": 1}', 422, "unprocessable"),
    "an unknown member": (b'{"kind": "coffee", "sugar": 2}', 422, "unprocessable"),
    "a number for a text": (b'{"kind": 5}', 422, "unprocessable"),
    "a text for a number": (b'{"kind": "coffee", "cups": "2"}', 422, "unprocessable"),
    "a fraction": (b'{"kind": "coffee", "cups": 1.5}', 422, "unprocessable"),
    "zero": (b'{"kind": "coffee", "cups": 0}', 422, "unprocessable"),
    "negative": (b'{"kind": "coffee", "cups": -3}', 422, "unprocessable"),
    "huge": (b'{"kind": "coffee", "cups": 99999999999999999999999999}', 422, "unprocessable"),
    "a number too long to read": (b'{"kind": "coffee", "cups": ' + b"9" * 5_000 + b"}", 422, "unprocessable"),
    "not a number": (b'{"kind": "coffee", "cups": NaN}', 400, "malformed-request"),
    "an empty text": (b'{"kind": ""}', 422, "unprocessable"),
    "a long text": (b'{"kind": "' + b"x" * 1_000 + b'"}', 422, "unprocessable"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_a_problem(client: httpx.Client, name: str) -> None:
    body, status, slug = BODIES[name]

    problem = assert_problem(client.post("/bar/drinks", content=body, headers=keyed("ann", **JSON)), status, slug)
    assert problem["detail"]


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_another_media_type_is_refused(client: httpx.Client, media_type: str) -> None:
    headers = keyed("ann") | ({"Content-Type": media_type} if media_type else {})

    assert_problem(client.post("/bar/drinks", content=b"{}", headers=headers), 415, "unsupported-media-type")


def test_a_charset_does_no_harm(client: httpx.Client) -> None:
    headers = keyed("ann") | {"Content-Type": "Application/JSON; charset=utf-8"}

    assert client.post("/bar/drinks", content=b'{"kind": "coffee"}', headers=headers).status_code == 202


def test_a_huge_body_is_refused(client: httpx.Client) -> None:
    body = b'{"kind": "' + b"x" * 70_000 + b'"}'

    assert_problem(client.post("/bar/drinks", content=body, headers=keyed("ann", **JSON)), 413, "body-too-large")


def test_a_huge_body_of_unknown_length_is_refused(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"kind": "'
        for _ in range(100):
            yield b"x" * 1_000

    answer = client.post("/bar/drinks", content=endless(), headers=keyed("ann", **JSON))
    assert_problem(answer, 413, "body-too-large")


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/bar", "/bar/", "/bar/nowhere", "/bar/drinks/", "/bar/drinks/a/b", "/livez/", "//bar"]
)
def test_a_path_that_leads_nowhere_is_a_problem(client: httpx.Client, path: str) -> None:
    answer = client.get(path)

    assert_problem(answer, 404, "not-found")
    assert answer.headers["traceparent"]


@pytest.mark.parametrize("name", ["%00", "a%0Ab", "%F0%9F%98%80", "%FF", "a%20b", ".hidden", "x" * 200, "{drink_id}"])
def test_a_path_value_that_cannot_be_a_name_is_not_found(client: httpx.Client, name: str) -> None:
    assert_problem(client.get(f"/bar/drinks/{name}", headers=bearer("ann", "customer")), 404, "not-found")
    put = client.put(f"/bar/drinks/{name}/label", json={"label": "x"}, headers=bearer("ann", "customer"))
    assert_problem(put, 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/bar/drinks", "POST"),
        ("DELETE", "/bar/drinks", "POST"),
        ("OPTIONS", "/bar/menu", "GET, HEAD"),
        ("POST", "/bar/menu", "GET, HEAD"),
        ("PATCH", "/bar/drinks/d-1/label", "PUT"),
        ("PROPFIND", "/bar/drinks", "POST"),
    ],
)
def test_a_method_that_does_not_apply_is_a_problem(client: httpx.Client, method: str, path: str, allowed: str) -> None:
    answer = client.request(method, path)

    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "sent",
    [b"BREW /bar/menu HTTP/1.1\r\n\r\n", b"hello\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n"],
)
def test_what_is_not_http_is_a_problem_too(running: RunningGateway, sent: bytes) -> None:
    host, _, port = running.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        head, _, body = b"".join(iter(lambda: connection.recv(4_096), b"")).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert json.loads(body)["type"] == "urn:doorbuster:problem:malformed-request"


def test_operators_paths_take_get_only(client: httpx.Client) -> None:
    answer = client.post("/livez")

    assert_problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


def test_a_defect_gives_nothing_away(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/bar/broken")

    problem = assert_problem(answer, 500, "internal-error")
    assert problem["trace_id"] == answer.headers["traceparent"].split("-")[1]
    assert "innards" not in answer.text
    assert "RuntimeError" not in answer.text


def test_bad_input_leaves_no_command_behind(running: RunningGateway, deciding: Deciding) -> None:
    before = len(deciding.commands)
    for body, _, _ in BODIES.values():
        running.client.post("/bar/drinks", content=body, headers=keyed("ann", **JSON))
    good = running.client.post("/bar/drinks", json={"kind": "coffee"}, headers=keyed("ann"))

    assert good.status_code == 202
    assert len(deciding.commands) == before + 1
