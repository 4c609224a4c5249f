"""The catalog and carts by example."""

from __future__ import annotations

from typing import Any

import pytest
from examples import CLOSES_US, HOODIE, OPENS_US
from given_when_then import given

from reference_services.bookstore.carts import (
    LINES_PER_CART,
    CartDecider,
    CartLineSet,
    CartOpened,
    OpenCart,
    SetCartLine,
)
from reference_services.bookstore.catalog import (
    ListProduct,
    PriceChanged,
    ProductDecider,
    ProductListed,
    SaleScheduled,
    TitleChanged,
)

LISTED = ProductListed(HOODIE, "Hoodie", 2_500, 2)
SCHEDULED = SaleScheduled(HOODIE, OPENS_US, CLOSES_US, 2)
OPENED = CartOpened("cart-1", "ann")


def list_hoodie(
    price_cents: int = 2_500, limit: int = 2, closes_us: int = CLOSES_US, title: str = "Hoodie"
) -> ListProduct:
    return ListProduct(HOODIE, title, price_cents, limit, OPENS_US, closes_us)


def test_a_product_is_listed_with_its_price_its_limit_and_its_sale() -> None:
    given(ProductDecider(), key=HOODIE).when(list_hoodie()).then(LISTED, SCHEDULED)


@pytest.mark.parametrize(
    ("change", "events"),
    [
        ({}, [SCHEDULED]),
        ({"title": "Warm hoodie"}, [TitleChanged(HOODIE, "Warm hoodie"), SCHEDULED]),
        ({"price_cents": 2_600}, [PriceChanged(HOODIE, 2_600), SCHEDULED]),
        (
            {"title": "Warm hoodie", "price_cents": 2_600},
            [TitleChanged(HOODIE, "Warm hoodie"), PriceChanged(HOODIE, 2_600), SCHEDULED],
        ),
        ({"limit": 5}, [SaleScheduled(HOODIE, OPENS_US, CLOSES_US, 5)]),
        ({"closes_us": CLOSES_US + 1}, [SaleScheduled(HOODIE, OPENS_US, CLOSES_US + 1, 2)]),
    ],
    ids=["nothing", "title", "price", "title and price", "limit", "window"],
)
def test_an_offer_can_be_changed(change: dict[str, Any], events: list[Any]) -> None:
    given(ProductDecider(), LISTED, SCHEDULED, key=HOODIE).when(list_hoodie(**change)).then(*events)


def test_title_and_price_are_compared_with_the_last_ones() -> None:
    changes = TitleChanged(HOODIE, "Warm hoodie"), PriceChanged(HOODIE, 2_600)
    product = given(ProductDecider(), LISTED, SCHEDULED, *changes, key=HOODIE)

    product.when(list_hoodie(2_600, title="Warm hoodie")).then(SCHEDULED)
    product.when(list_hoodie()).then(TitleChanged(HOODIE, "Hoodie"), PriceChanged(HOODIE, 2_500), SCHEDULED)


def test_a_cart_is_opened_once() -> None:
    cart = given(CartDecider(), key="cart-1").when(OpenCart("cart-1", "ann")).then(OPENED)

    cart.when(OpenCart("cart-1", "ann")).then_refused("cart-exists")


@pytest.mark.parametrize("events", [(), (OPENED,)], ids=["no cart", "the cart of another"])
def test_a_cart_belongs_to_its_customer(events: tuple[CartOpened, ...]) -> None:
    cart = given(CartDecider(), *events, key="cart-1")

    cart.when(SetCartLine("cart-1", "bob", HOODIE, 1)).then_refused("no-such-cart")


def test_a_cart_holds_so_many_products_and_no_more() -> None:
    full = given(CartDecider(), OPENED, *(line(number) for number in range(LINES_PER_CART)), key="cart-1")

    full.when(SetCartLine("cart-1", "ann", HOODIE, 1)).then_refused("cart-full")
    full.when(SetCartLine("cart-1", "ann", "sku-0", 5)).then(CartLineSet("cart-1", "sku-0", 5))

    roomy = full.when(SetCartLine("cart-1", "ann", "sku-0", 0)).then(CartLineSet("cart-1", "sku-0", 0))
    roomy.when(SetCartLine("cart-1", "ann", HOODIE, 1)).then(CartLineSet("cart-1", HOODIE, 1))


def line(number: int) -> CartLineSet:
    return CartLineSet("cart-1", f"sku-{number}", 1)
