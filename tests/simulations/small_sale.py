"""The flash sale with few customers, for tests that want every mechanism and no waiting."""

from __future__ import annotations

from typing import Any

from scenarios.loading import from_document, load_scenario
from scenarios.model import Scenario


def small_sale(customers: int = 300, units: int = 12, **changes: Any) -> Scenario:
    """The compressed flash sale with ``customers`` for ``units`` of each product; ``changes`` replace whole blocks."""
    document = load_scenario("flash_sale").compressed().document()
    document["population"] |= {"customers": customers, "units_per_product": units}
    return from_document({**document, **changes})
