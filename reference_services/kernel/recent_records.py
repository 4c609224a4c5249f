"""The last records of a log, by the commands that led to them: what a host needs to finish what a crash cut short.

A host appends a record, then the commands that its policies ask for and those that record what the outside answered to
its effects, and only then lets go of the command that led to it. A crash in between loses some of those commands, but
the one that led to them is delivered again. It has been decided before, so it appends nothing; its record, found here,
is reacted to once more. All ids are derived, so whatever had been sent the first time is the same again and dropped by
whoever decided it.
"""

from __future__ import annotations

from collections import OrderedDict

from .message import Record

RECORDS_KEPT = 20_000
"""Must exceed what one partition of a worker has in hand between two commits. A call to the outside that is tried again
and again holds up the commit for half a minute, which is some thousand commands; hosts let it be no more than half of
this."""


class RecentRecords:
    """Fill it from the log when a partition is taken over; clear it once the inbox has been read past that point."""

    def __init__(self, kept: int = RECORDS_KEPT) -> None:
        self._kept = kept
        self._records: OrderedDict[str, Record] = OrderedDict()

    def remember(self, record: Record) -> None:
        """Take in one record of the log, in order; the oldest are let go."""
        records = self._records
        records[record[0].causation_id] = record
        if len(records) > self._kept:
            records.popitem(last=False)

    def led_to(self, command_id: str) -> Record:
        """The record that the command led to; an empty tuple if it is not among those kept."""
        return self._records.get(command_id, ())

    def clear(self) -> None:
        """Nothing will be delivered again."""
        self._records.clear()

    def __len__(self) -> int:
        return len(self._records)
