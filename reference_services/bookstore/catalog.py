"""catalog: what is sold, at which price, in which window, and how many a customer may have.

Aggregate ``product``, keyed by sku. Orders never ask the catalog: they carry the terms under which they were placed.
"""

from __future__ import annotations

import msgspec

from ..kernel.decider import Decider
from ..kernel.message import Command, Event

# Commands


class ListProduct(Command, frozen=True):
    """Offer a product, or change its offer; the sale runs from ``opens_us`` on, until before ``closes_us``."""

    sku: str
    title: str
    price_cents: int
    limit_per_customer: int
    opens_us: int
    closes_us: int


# Events


class ProductListed(Event, frozen=True):
    """The product is on offer for the first time."""

    sku: str
    title: str
    price_cents: int
    limit_per_customer: int


class TitleChanged(Event, frozen=True):
    """From now on the product is called ``title``."""

    sku: str
    title: str


class PriceChanged(Event, frozen=True):
    """From now on the product costs ``price_cents``; orders already placed keep theirs."""

    sku: str
    price_cents: int


class SaleScheduled(Event, frozen=True):
    """The product can be ordered from ``opens_us`` until before ``closes_us``."""

    sku: str
    opens_us: int
    closes_us: int
    limit_per_customer: int


# State


class Product(msgspec.Struct, frozen=True):
    """A product's offer; ``listed`` is false before the first `ProductListed`."""

    sku: str
    listed: bool = False
    title: str = ""
    price_cents: int = 0


class ProductDecider(Decider[Product]):
    """Decides what the catalog says of one product."""

    name = "product"
    key_field = "sku"
    commands = (ListProduct,)
    events = (ProductListed, TitleChanged, PriceChanged, SaleScheduled)

    def initial(self, key: str) -> Product:
        return Product(key)

    def decide(self, product: Product, command: Command, now_us: int) -> list[Event]:
        assert isinstance(command, ListProduct)
        scheduled = SaleScheduled(command.sku, command.opens_us, command.closes_us, command.limit_per_customer)
        if not product.listed:
            listed = ProductListed(command.sku, command.title, command.price_cents, command.limit_per_customer)
            return [listed, scheduled]
        changes: list[Event] = []
        if product.title != command.title:
            changes.append(TitleChanged(command.sku, command.title))
        if product.price_cents != command.price_cents:
            changes.append(PriceChanged(command.sku, command.price_cents))
        return [*changes, scheduled]

    def evolve(self, product: Product, event: Event) -> Product:
        match event:
            case ProductListed():
                return Product(product.sku, True, event.title, event.price_cents)
            case TitleChanged():
                return Product(product.sku, True, event.title, product.price_cents)
            case PriceChanged():
                return Product(product.sku, True, product.title, event.price_cents)
            case _:
                return product
