"""The bookstore, wired: five services and the words in which it says no."""

from __future__ import annotations

from ..kernel.problem import ProblemKind
from ..kernel.system import Service, System
from ..shared.notifications import DELIVERY_CALLS, NoticeDecider
from ..shared.payments import PROVIDER_CALLS, TAKE_PAYMENT_REPORT, PaymentDecider
from . import notifications, operations, saga
from .allowances import AllowanceDecider
from .carts import CartDecider
from .catalog import ProductDecider
from .inventory import StockDecider
from .orders import OrderDecider
from .terms import Terms
from .views import CartsView, CatalogView, OrdersView, StockView

__all__ = ["REFUSALS", "Terms", "build"]

REFUSALS = {
    kind.slug: kind
    for kind in (
        ProblemKind("sold-out", 409, "There are not enough units left"),
        ProblemKind("limit-exceeded", 409, "More than a customer may have of this product"),
        ProblemKind("sale-not-open", 409, "The sale has not begun"),
        ProblemKind("sale-closed", 409, "The sale is over"),
        ProblemKind("empty-order", 409, "There is nothing to order"),
        ProblemKind("total-too-high", 409, "The order comes to more than a card can be charged with"),
        ProblemKind("order-exists", 409, "This order has been placed before"),
        ProblemKind("cart-exists", 409, "This cart has been opened before"),
        ProblemKind("cart-full", 409, "The cart holds no more products"),
        ProblemKind("payment-declined", 402, "The card was declined"),
        ProblemKind("payment-failed", 402, "The payment came to nothing"),
        ProblemKind("payment-not-possible", 409, "The order cannot be paid now"),
        ProblemKind("reservation-expired", 409, "The reservation ran out before it was paid"),
        ProblemKind("cancelled-by-customer", 409, "The order was cancelled"),
        ProblemKind("not-cancellable", 409, "The order can no longer be cancelled"),
        ProblemKind("not-picked-up", 409, "The order was not picked up in time"),
        ProblemKind("not-ready-for-pickup", 409, "The order is not ready for pickup"),
        ProblemKind("wrong-pickup-code", 403, "The pickup code is wrong"),
        ProblemKind("no-such-order", 404, "There is no such order"),
        ProblemKind("no-such-cart", 404, "There is no such cart"),
    )
}


def build(terms: Terms) -> System:
    """The bookstore under ``terms``."""
    return System(
        "bookstore",
        (
            Service(
                "catalog",
                "What is sold, at which price, and when",
                (ProductDecider(),),
                operations=operations.CATALOG,
                views=(CatalogView, StockView),
            ),
            Service(
                "orders",
                "The life of an order, and the saga around it",
                (OrderDecider(terms), AllowanceDecider(), CartDecider()),
                policies=saga.POLICIES,
                operations=operations.ORDERS,
                views=(CatalogView, CartsView, OrdersView),
            ),
            Service(
                "inventory",
                "The authority on units",
                (StockDecider(terms),),
                operations=operations.INVENTORY,
                views=(CatalogView, StockView),
            ),
            Service(
                "payments",
                "Charges, refunds, and what the provider says of them",
                (PaymentDecider(terms.ask_provider_after_us),),
                effects=PROVIDER_CALLS,
                operations=(TAKE_PAYMENT_REPORT,),
            ),
            Service(
                "notifications",
                "What customers are told",
                (NoticeDecider(terms.ask_provider_after_us),),
                policies=notifications.POLICIES,
                effects=DELIVERY_CALLS,
            ),
        ),
        REFUSALS,
    )
