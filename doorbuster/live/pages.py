"""Reads the pages of the services of a live run: their metrics, the provider's books."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

ANSWER_WITHIN_S = 2.0


class NoPage(Exception):
    """A page could not be had; one line says why."""


def get(url: str) -> bytes:
    """The body of a page on this machine. Raises `NoPage`."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("GET", address.path)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise NoPage(f"{url}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise NoPage(f"{url}: answered with status {answer.status}")
    return body


def read_metrics(url: str) -> list[Sample]:
    """Everything that a process counts, as Prometheus' samples. Raises `NoPage`."""
    families = text_string_to_metric_families(get(url).decode())
    return [sample for family in families for sample in family.samples]
