"""A bookstore with something to sell, for tests that need a whole system behind the gateway."""

from __future__ import annotations

import uuid

import httpx
from http_talk import bearer, keyed

SKU = "mug"


OFFER = {
    "title": "A mug",
    "price": "12.50",
    "limit_per_customer": 100,
    "sale_opens": "2020-01-01T00:00:00Z",
    "sale_closes": "2100-01-01T00:00:00Z",
}
"""A product that is on sale for a very long time."""


def open_shop(client: httpx.Client) -> None:
    """Offer one product, and receive plenty of it."""
    answer = client.put(f"/catalog/catalog/{SKU}", json=OFFER, headers=bearer("sue", "staff"))
    assert answer.status_code == 200, answer.text
    units = {"units": 1_000_000}
    answer = client.post(f"/inventory/stock/{SKU}/receipts", json=units, headers=keyed("sue", "staff"))
    assert answer.status_code == 201, answer.text


def place_order(client: httpx.Client, customer: str = "ann") -> httpx.Response:
    """Order one mug. It will never be paid, as nobody here talks to a provider."""
    order = {"card_token": "tok-1", "lines": [{"sku": SKU, "units": 1}]}
    return client.post("/orders/orders", json=order, headers=keyed(customer, key=uuid.uuid4().hex))
