"""A table that forgets early which commands it has decided; two planted bugs are made of it."""

from __future__ import annotations

from reference_services.kernel.aggregates import AggregateTable
from reference_services.kernel.message import Record
from reference_services.kernel.system import Service, System


class ForgetfulTable(AggregateTable):
    """Remembers the last ``remembered`` commands of each aggregate."""

    def __init__(self, system: System, service: Service, *, remembered: int) -> None:
        super().__init__(system, service)
        self._remembered = remembered

    def fold(self, record: Record) -> bool:
        folded = super().fold(record)
        decided = self._aggregates[record[0].subject].decided
        while len(decided) > self._remembered:
            del decided[next(iter(decided))]
        return folded
