"""Speed of the linearizability check: a whole sale's clients, sorted and searched, spread or on a few hot products."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from reference_services.bookstore.stock_model import Action, StockModel
from reference_services.kernel.linearizability import Operation, check

from .figure import Figure

OPERATIONS = 100_000
SEED = 7


def figures() -> Iterator[Figure]:
    """Histories of the same size: many keys, few hot keys, and few hot keys with one unit too many sold."""
    yield _measured("many products", keys=1_000, concurrency=10)
    yield _measured("20 products, 50 clients at once on each", keys=20, concurrency=50)
    yield _measured("one product, 50 clients at once", keys=1, concurrency=50)
    yield _measured("20 products, each oversold by one unit", keys=20, concurrency=50, oversold=1)


def _measured(name: str, *, keys: int, concurrency: int, oversold: int = 0) -> Figure:
    draw = random.Random(SEED)
    histories = [_history(OPERATIONS // keys, concurrency, oversold, draw) for _ in range(keys)]
    model = StockModel()
    began_s = time.process_time()
    verdicts = [check(model, history) for history in histories]
    took_s = time.process_time() - began_s
    statuses = sorted({verdict.status for verdict in verdicts})
    configurations = sum(verdict.configurations for verdict in verdicts)
    return Figure(
        f"linearizability of {OPERATIONS:,} operations: {name}",
        took_s,
        "s",
        "under 15",
        f"{', '.join(statuses)}; {configurations:,} configurations",
    )


def _history(operations: int, concurrency: int, oversold: int, draw: random.Random) -> list[Operation]:
    """Orders of one product, ``concurrency`` at once: half the calls get units, the others are refused; all know it."""
    taken, history = 0, []
    units = operations // 4
    clock_us = 0
    for index in range((operations - 1) // 2):
        clock_us += 1_000
        began_us = clock_us - draw.randrange(1_000 * concurrency)
        ended_us = clock_us + draw.randrange(1_000 * concurrency)
        client = f"client-{index}"
        wanted = draw.choice((1, 1, 1, 2))
        history.append(Operation("nobody", began_us, began_us, Action("asked", wanted), "booked"))
        if taken + wanted <= units + oversold:
            taken += wanted
            history.append(Operation(client, began_us, ended_us, Action("promised", wanted), "told"))
        else:
            history.append(Operation(client, began_us, ended_us, Action("sold-out", wanted, wanted), "told"))
    started_us = min(operation.invoked_us for operation in history) - 1
    return [Operation("staff", started_us, started_us, Action("received", units), "told"), *history]
