"""The whole bookstore on a good day: three hoodies and one mug on sale, and whatever is asked is decided at once."""

from __future__ import annotations

from typing import Any

import msgspec
from examples import CLOSES_US, NOW_US, OPENS_US, TERMS
from whole_bookstore import WholeBookstore

from reference_services.bookstore.operations import OrderLineRequest, OrderRequest, ProductRequest, ReceiptRequest
from reference_services.kernel.edge import rfc3339
from reference_services.kernel.message import Message
from reference_services.kernel.operation import Principal
from reference_services.kernel.outside import PaymentReport
from reference_services.kernel.problem import Problem

ANN, BOB = Principal("ann", "customer"), Principal("bob", "customer")
STAFF, COUNTER = Principal("staff", "staff"), Principal("counter", "device")
PROVIDER = Principal("provider", "provider")

OFFER = {
    "title": "Hoodie",
    "price": "25.00",
    "limit_per_customer": 2,
    "sale_opens": rfc3339(OPENS_US),
    "sale_closes": rfc3339(CLOSES_US),
}


class Shop(WholeBookstore):
    """The whole bookstore on a good day: whatever is asked is decided at once."""

    def __init__(self) -> None:
        super().__init__(TERMS, NOW_US)
        self._keys = 0
        for sku, units in (("hoodie", 3), ("mug", 1)):
            self.ask("list_product", STAFF, {"sku": sku}, offer(title=sku))
            self.ask("receive_stock", STAFF, {"sku": sku}, ReceiptRequest(units))

    def ask(self, name: str, principal: Principal, path: dict[str, str], body: Any, key: str = "") -> Message[Any]:
        """Make one API call and let everything follow that follows. Raises `Problem`."""
        self._keys += 1
        command = self.request(name, principal, path, body, key or f"key-{self._keys}")
        if isinstance(command, Problem):
            raise command
        self.work()
        return command

    def order(self, principal: Principal = ANN, sku: str = "hoodie", units: int = 1) -> Message[Any]:
        """Order so many of one product."""
        return self.ask("place_order", principal, {}, OrderRequest("card-ok", lines=(OrderLineRequest(sku, units),)))

    def report(self, order: Message[Any], status: Any, **details: Any) -> None:
        """The provider reports how the order's first payment stands."""
        report = PaymentReport(f"{order.data.order_id}/1", status, **details)
        self.ask("take_payment_report", PROVIDER, {}, report)

    def pay(self, order: Message[Any]) -> None:
        """The provider collects the money for an order."""
        self.report(order, "captured", captured_cents=2_500, capture_id=f"capture-{order.data.order_id}")

    def reasons(self, command: Message[Any]) -> list[str]:
        """The reasons for which ``command`` was refused."""
        events = [event for record in self.records for event in record if event.causation_id == command.id]
        return [event.data.reason for event in events if event.type == "bookstore.Refused"]


def offer(**changes: Any) -> ProductRequest:
    return msgspec.convert({**OFFER, **changes}, ProductRequest)
