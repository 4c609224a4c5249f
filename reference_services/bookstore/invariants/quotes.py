"""What orders quote, held against what the catalog has published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Generic, TypeVar

from ...kernel.message import Message
from ..order_messages import OrderPlaced

Term = TypeVar("Term")


class Quotes(Generic[Term]):
    """One of the terms of sale, a price for instance, by product: published, and quoted by orders.

    Old terms may be quoted, since a gateway may lag behind the catalog, but never such as were not published at all.
    Logs are read side by side, so an order can be seen before the terms that it quotes: only the end tells.
    """

    def __init__(self) -> None:
        self._published: dict[str, set[Term]] = defaultdict(set)
        self._unfounded: dict[tuple[str, Term], Message[OrderPlaced]] = {}

    def publish(self, sku: str, term: Term) -> None:
        """The catalog has said so."""
        self._published[sku].add(term)
        self._unfounded.pop((sku, term), None)

    def quote(self, sku: str, term: Term, order: Message[OrderPlaced]) -> None:
        """An order has been placed under this term."""
        if term not in self._published.get(sku, ()):
            self._unfounded.setdefault((sku, term), order)

    def unfounded(self) -> Iterator[tuple[str, Term, Message[OrderPlaced]]]:
        """Each product and term that was quoted and never published, and the first order that did."""
        for (sku, term), order in self._unfounded.items():
            yield sku, term, order
