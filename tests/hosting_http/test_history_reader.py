"""Reading a whole history back: every record once, in the order of its aggregate, and never with a hole unnoticed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from deciding import Deciding
from kiosk import kiosk

from reference_services.hosting.history_reader import HistoryReader, HistoryUnreadable
from reference_services.hosting.settings import Settings
from reference_services.kernel.codec import Codec
from reference_services.kernel.message import Message, partition_of

LIMIT_S = 15.0


def refilled(system_name: str, bean: str, version: int) -> Message:
    """One event as a worker of that kiosk would append it."""
    system = kiosk(system_name)
    data = system.message_class(f"{system_name}.store.BeansRefilled")(bean, 1)
    subject = f"beans/{bean}"
    source, kind = f"{system_name}.store", system.type_name(type(data))
    return Message(f"{subject}/{version}/0", source, kind, subject, 1, data, version, f"c-{version}")


def append(worker: Deciding, settings: Settings, event: Message) -> None:
    payload = Codec(kiosk(settings.system)).encode_record((event,))
    worker.append(f"{settings.system}.store.events", payload, partition_of(event.subject, settings.partitions))


def test_every_record_arrives_once_in_the_order_of_its_aggregate(kiosk_settings: Settings) -> None:
    settings = kiosk_settings.changed(system="archive")
    with Deciding(kiosk("archive"), settings) as worker:
        early = [refilled("archive", bean, version) for version in (1, 2, 3) for bean in ("arabica", "robusta")]
        for event in early:
            append(worker, settings, event)
        with HistoryReader(kiosk("archive"), settings) as reader:
            late = refilled("archive", "arabica", 4)
            append(worker, settings, late)
            append(worker, settings, refilled("archive", "arabica", 2))
            reader.wait_until_quiet(0.3, LIMIT_S)
            records = reader.records()

            assert len(reader) == 7
    assert {event.id for record in records for event in record} == {event.id for event in (*early, late)}
    for bean in ("arabica", "robusta"):
        versions = [record[0].version for record in records if record[0].subject == f"beans/{bean}"]
        assert all(after == before + 1 for before, after in pairwise(versions))


def test_a_hole_is_noticed(kiosk_settings: Settings) -> None:
    settings = kiosk_settings.changed(system="holey")
    with Deciding(kiosk("holey"), settings) as worker, HistoryReader(kiosk("holey"), settings) as reader:
        append(worker, settings, refilled("holey", "arabica", 1))
        append(worker, settings, refilled("holey", "arabica", 3))

        with pytest.raises(HistoryUnreadable, match="beans/arabica: version 3 follows 1"):
            reader.wait_until_quiet(0.3, LIMIT_S)
        with pytest.raises(HistoryUnreadable):
            reader.records()


def test_bytes_that_are_no_record_are_noticed(kiosk_settings: Settings) -> None:
    settings = kiosk_settings.changed(system="smudged")
    with Deciding(kiosk("smudged"), settings) as worker, HistoryReader(kiosk("smudged"), settings) as reader:
        worker.append("smudged.store.events", b"smudge")

        with pytest.raises(HistoryUnreadable, match="1 records could not be read"):
            reader.wait_until_quiet(0.3, LIMIT_S)


def test_what_is_never_quiet_is_given_up(kiosk_settings: Settings) -> None:
    settings = kiosk_settings.changed(system="calm")
    with Deciding(kiosk("calm"), settings), HistoryReader(kiosk("calm"), settings) as reader:
        with pytest.raises(TimeoutError, match="not quiet for 60 s"):
            reader.wait_until_quiet(60, 0.3)
        reader.wait_until_quiet(0.1, LIMIT_S)

        assert reader.records() == []
