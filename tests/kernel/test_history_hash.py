"""The hash of a history: equal runs have equal hashes, and nothing can differ without it."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from larder import Filled

from reference_services.kernel.history import HASHED_AT_ONCE, OBSERVATIONS, Answered, HistoryHash, observation
from reference_services.kernel.message import Message

FIRST = Message("1", "s", "pantry.larder.Filled", "box/b", 1, Filled("b", 1, 2), 1, "c-1", "visit", "")
SECOND = msgspec.structs.replace(FIRST, id="2", version=2)


def hash_of(*messages: Message[Any]) -> str:
    digest = HistoryHash()
    for message in messages:
        digest.add(message)
    return digest.hexdigest()


def test_equal_histories_have_equal_hashes() -> None:
    assert hash_of(FIRST, SECOND) == hash_of(FIRST, msgspec.structs.replace(SECOND))
    assert len(hash_of()) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"id": "3"},
        {"source": "other"},
        {"type": "pantry.larder.Emptied"},
        {"subject": "box/c"},
        {"time_us": 2},
        {"data": Filled("b", 1, 3)},
        {"version": 3},
        {"causation_id": "c-2"},
        {"correlation_id": "another"},
        {"traceparent": "00-1-2-01"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_difference_makes_another_hash(change: dict[str, Any]) -> None:
    assert hash_of(FIRST, msgspec.structs.replace(SECOND, **change)) != hash_of(FIRST, SECOND)


def test_order_and_number_count() -> None:
    hashes = {hash_of(), hash_of(FIRST), hash_of(FIRST, FIRST), hash_of(FIRST, SECOND), hash_of(SECOND, FIRST)}

    assert len(hashes) == 5


def test_it_can_be_read_on_the_way() -> None:
    digest = HistoryHash()
    digest.add(FIRST)
    on_the_way = digest.hexdigest()
    digest.add(SECOND)

    assert (on_the_way, digest.hexdigest()) == (hash_of(FIRST), hash_of(FIRST, SECOND))


def test_it_is_the_sha256_of_all_messages_one_after_the_other_however_many() -> None:
    digest, everything = HistoryHash(), hashlib.sha256()
    for number in range(HASHED_AT_ONCE // 50):
        message = msgspec.structs.replace(FIRST, id=str(number))
        digest.add(message)
        everything.update(msgspec.msgpack.encode(message))

    assert len(msgspec.msgpack.encode(FIRST)) > 50, "more than is hashed at once"
    assert digest.hexdigest() == everything.hexdigest()


def test_an_observation_stands_in_the_history_under_a_name_of_its_own() -> None:
    answered = observation(Answered("place_order", "ok", 201, "c-1"), "ann", 5, 12)

    assert (answered.id, answered.type) == ("doorbuster.Answered/12", "doorbuster.Answered")
    assert (answered.subject, answered.time_us, answered.version) == ("ann", 5, 0)
    assert type(answered.data) in OBSERVATIONS
