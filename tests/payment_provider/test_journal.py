"""The journal: what it takes to survive a crash, and what it says when it cannot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reference_services.kernel.outside import Authorize
from reference_services.payment_provider.books import CardTerms
from reference_services.payment_provider.journal import Journal, JournalUnusable, KnobsTurned, Past, WebhookDone
from reference_services.payment_provider.misbehaviour import Misbehaviour
from reference_services.payment_provider.provider import CaptureSettled, RequestTaken

TAKEN = RequestTaken(1, Authorize("k\r\n\u2028", "p", 1_000, "card-ok"), CardTerms(False, 2, 3))
SETTLED = CaptureSettled(2, "p")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def write(path: Path) -> None:
    journal = Journal(str(path))
    assert journal.open() == Past()
    for line in (TAKEN, SETTLED, WebhookDone("w")):
        journal.append(line)
    journal.close()


def read(path: Path) -> Past:
    journal = Journal(str(path))
    try:
        return journal.open()
    finally:
        journal.close()


def test_it_remembers_facts_in_order_and_finished_webhooks(path: Path) -> None:
    write(path)
    assert read(path) == Past((TAKEN, SETTLED), frozenset({"w"}))


def test_it_remembers_how_the_knobs_were_turned_last(path: Path) -> None:
    journal = Journal(str(path))
    journal.open()
    for share in (0.5, 0.25):
        journal.append(KnobsTurned(Misbehaviour(decline_share=share)))
        journal.append(TAKEN)
    journal.close()
    assert read(path) == Past((TAKEN, TAKEN), knobs=Misbehaviour(decline_share=0.25))


def test_a_torn_last_line_is_cut_off_and_writing_goes_on(path: Path) -> None:
    write(path)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"type":"CaptureSett')
    journal = Journal(str(path))
    assert journal.open() == Past((TAKEN, SETTLED), frozenset({"w"}))
    journal.append(CaptureSettled(9, "q"))
    journal.close()
    assert read(path).facts == (TAKEN, SETTLED, CaptureSettled(9, "q"))


def test_a_damaged_line_is_named(path: Path) -> None:
    write(path)
    path.write_bytes(path.read_bytes().replace(b'"CaptureSettled"', b'"Nonsense"'))
    with pytest.raises(JournalUnusable, match="line 2 is damaged"):
        read(path)


def test_two_providers_cannot_share_it(path: Path) -> None:
    first = Journal(str(path))
    first.open()
    with pytest.raises(JournalUnusable, match="another provider uses it"):
        read(path)
    first.close()
    read(path)


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable, match="name a file that can be written"):
        read(tmp_path / "missing" / "journal.jsonl")


def test_without_a_path_nothing_is_remembered() -> None:
    journal = Journal("")
    journal.append(TAKEN)
    assert journal.usable
    assert journal.open() == Past()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_after_a_failed_write_it_stays_unusable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(str(path))
    journal.open()
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._file)
    os.close(full)
    with pytest.raises(JournalUnusable, match="make room"):
        journal.append(TAKEN)
    assert not journal.usable
    with pytest.raises(JournalUnusable, match="start the provider again"):
        journal.append(TAKEN)
