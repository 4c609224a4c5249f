"""What a request may say, before any rule is asked: types, lengths, ranges, and nothing that nobody knows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from good_day import OFFER

from reference_services.bookstore.carts import LINES_PER_CART
from reference_services.bookstore.operations import (
    CartLineRequest,
    OrderLineRequest,
    OrderRequest,
    PaymentRequest,
    PickupRequest,
    ProductRequest,
    ReceiptRequest,
)

LINE = {"sku": "hoodie", "units": 1}
ORDER = {"card_token": "card-ok", "lines": [LINE]}
TOO_MANY_LINES = [{"sku": f"sku-{number}", "units": 1} for number in range(LINES_PER_CART + 1)]
BAD_UNITS = (0, -1, 101, 10**30, 1.5, "1", None, True)

UNACCEPTABLE: list[tuple[type, dict[str, Any], str, tuple[Any, ...]]] = [
    (ProductRequest, OFFER, "title", ("", "x" * 201, 5, None)),
    (ProductRequest, OFFER, "price", ("", "25", "25.0", "25.000", "-1.00", "1e3", "1000000.00", 25, " 1.00")),
    (ProductRequest, OFFER, "limit_per_customer", (0, -1, 101, "2", 1.5)),
    (ProductRequest, OFFER, "sale_opens", ("", "tomorrow", 5, "x" * 36)),
    (CartLineRequest, {"units": 1}, "units", (-1, 101, 10**30, "1", None)),
    (OrderLineRequest, LINE, "sku", ("", "x" * 201, 7)),
    (OrderLineRequest, LINE, "units", BAD_UNITS),
    (OrderRequest, ORDER, "card_token", ("", "x" * 65, "card ok", "card/ok", "kärd", None)),
    (OrderRequest, ORDER, "lines", (TOO_MANY_LINES, {}, "hoodie", [{"sku": "hoodie"}], [{**LINE, "price": "0.01"}])),
    (OrderRequest, ORDER, "cart_id", ("", 5)),
    (PaymentRequest, {"card_token": "card-ok"}, "card_token", ("", "x" * 65, "a b", None)),
    (PickupRequest, {"pickup_code": "C0DE42"}, "pickup_code", ("", "x" * 201, 42)),
    (ReceiptRequest, {"units": 1}, "units", (0, -1, 1_000_001, "1", 1.5)),
]
CASES = [
    (request_type, {**good, field: value}) for request_type, good, field, values in UNACCEPTABLE for value in values
]
UNKNOWN_FIELDS = [(request_type, {**good, "surprise": 1}) for request_type, good, _, _ in UNACCEPTABLE]


@pytest.mark.parametrize(("request_type", "body"), [*CASES, *UNKNOWN_FIELDS], ids=range(len(CASES + UNKNOWN_FIELDS)))
def test_an_unacceptable_body_is_refused_before_anything_happens(request_type: type, body: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, request_type)


@pytest.mark.parametrize(
    ("request_type", "body"),
    [(request_type, good) for request_type, good, _, _ in UNACCEPTABLE]
    + [
        (CartLineRequest, {"units": 0}),
        (CartLineRequest, {"units": 100}),
        (OrderLineRequest, {**LINE, "units": 100}),
        (OrderRequest, {**ORDER, "lines": TOO_MANY_LINES[:-1]}),
        (OrderRequest, {"card_token": "x" * 64, "cart_id": "cart-1"}),
        (ProductRequest, {**OFFER, "price": "999999.99", "limit_per_customer": 100}),
        (ReceiptRequest, {"units": 1_000_000}),
    ],
    ids=range(len(UNACCEPTABLE) + 7),
)
def test_what_is_just_within_bounds_is_accepted(request_type: type, body: dict[str, Any]) -> None:
    assert isinstance(msgspec.convert(body, request_type), request_type)
