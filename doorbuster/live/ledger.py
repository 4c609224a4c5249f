"""The provider's own books, to be compared with ours at the end of a live run."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from reference_services.kernel.history import ProviderBooked
from reference_services.kernel.outside import LedgerEntry

from .pages import get

LEDGER_PATH = "/ledger"


def read_ledger(provider_url: str) -> Iterator[tuple[str, ProviderBooked]]:
    """Every movement of money, with the subject to observe it under. Raises `pages.NoPage`."""
    for entry in msgspec.json.decode(get(provider_url + LEDGER_PATH), type=list[LedgerEntry]):
        yield f"payment/{entry.payment_id}", ProviderBooked(entry)
