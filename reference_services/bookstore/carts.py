"""Carts: what a customer means to order. Part of the orders service; a cart promises nothing and reserves nothing.

Aggregate ``cart``, keyed by cart_id.
"""

from __future__ import annotations

import msgspec

from ..kernel.decider import Decider
from ..kernel.message import Command, Event, Refused

LINES_PER_CART = 20

# Commands


class OpenCart(Command, frozen=True):
    """Start a cart."""

    cart_id: str
    customer_id: str


class SetCartLine(Command, frozen=True):
    """Put so many units of a product into the cart; 0 takes it out."""

    cart_id: str
    customer_id: str
    sku: str
    units: int


# Events


class CartOpened(Event, frozen=True):
    """An empty cart is there."""

    cart_id: str
    customer_id: str


class CartLineSet(Event, frozen=True):
    """The cart now holds ``units`` of the product."""

    cart_id: str
    sku: str
    units: int


# State


class Cart(msgspec.Struct, frozen=True):
    """Whose cart it is (empty: not opened yet) and which products are in it."""

    cart_id: str
    customer_id: str = ""
    skus: tuple[str, ...] = ()


class CartDecider(Decider[Cart]):
    """Decides what is in one cart."""

    name = "cart"
    key_field = "cart_id"
    commands = (OpenCart, SetCartLine)
    events = (CartOpened, CartLineSet)

    def initial(self, key: str) -> Cart:
        return Cart(key)

    def decide(self, cart: Cart, command: Command, now_us: int) -> list[Event]:
        match command:
            case OpenCart():
                return [_opened(cart, command)]
            case SetCartLine():
                if cart.customer_id != command.customer_id:
                    return [Refused("no-such-cart")]
                if command.sku not in cart.skus and len(cart.skus) >= LINES_PER_CART:
                    return [Refused("cart-full", f"a cart holds at most {LINES_PER_CART} products")]
                return [CartLineSet(command.cart_id, command.sku, command.units)]
            case _:
                raise TypeError(f"cart does not decide {type(command).__name__}")

    def evolve(self, cart: Cart, event: Event) -> Cart:
        match event:
            case CartOpened():
                return Cart(cart.cart_id, event.customer_id)
            case CartLineSet():
                others = tuple(sku for sku in cart.skus if sku != event.sku)
                return Cart(cart.cart_id, cart.customer_id, (*others, event.sku) if event.units else others)
            case _:
                return cart


def _opened(cart: Cart, command: OpenCart) -> Event:
    return Refused("cart-exists") if cart.customer_id else CartOpened(command.cart_id, command.customer_id)
