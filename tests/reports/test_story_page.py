"""The page of a story: whole, offline, safe, and laid out so that nothing covers anything."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from reports.story_page import NotAStory, after_opening, read_story, render_story, write_story
from reports.story_picture import lines_of, picture_of, text_width
from scenarios.story_records import Arrow, Breach, FaultSpan, Lane, LeftOut, Moment, StateTable, Story, Told


def moment(number: int, lane: str, title: str, **changes: object) -> Moment:
    plain = Moment(
        id=f"m{number}", time_us=number * 300_000, lane=lane, kind="event", title=title, sentence=f"{title} for o-1."
    )
    return msgspec.structs.replace(plain, **changes)


@pytest.fixture
def story() -> Story:
    return Story(
        scenario="tiny",
        title="Tiny sale",
        seed=7,
        headline="sku-1: 2 units held, 1 received.",
        rule=Told("no-oversell", "Units held never exceed units received."),
        breach=Breach("sku-1: 2 units held, 1 received", "stock/sku-1", 1_500_000),
        lanes=(Lane("clients"), Lane("orders", ("orders-1", "orders-2")), Lane("inventory", ("inventory-1",))),
        moments=(
            moment(0, "clients", "place_order", kind="command", time_us=-1_500_000),
            moment(1, "orders", "OrderPlaced", by="PlaceOrder", cause_id="m0"),
            moment(2, "inventory", "kill", kind="fault", process="inventory-1"),
            moment(3, "inventory", "StockReserved", by="ReserveStock", cause_id="m1", subject="stock/sku-1"),
            moment(4, "inventory", "StockReserved", cause_id="m1", subject="stock/sku-1", broke=True),
            moment(5, "orders", "RecordReservationOfALongName", kind="command", fate="never", cause_id="m4"),
        ),
        arrows=(Arrow("m0", "m1"), Arrow("m1", "m3", 2), Arrow("m1", "m4"), Arrow("m4", "m5")),
        faults=(
            FaultSpan(
                moment_id="m2", kind="kill", summary="kill -9", colour="#c4411e", from_us=600_000, until_us=1_000_000,
                target="inventory-1", lanes=("inventory",), knobs="down 400ms",
            ),
        ),
        state_subject="stock/sku-1",
        state_before=StateTable("Before StockReserved", {"sku": "sku-1", "available": "0"}),
        state_after=StateTable("After StockReserved", {"sku": "sku-1", "available": "−1"}),
        left_out=(LeftOut("StockReceived", 3),),
        configuration={"partitions": "1"},
        replay="doorbuster replay 'my tape.json'",
    )  # fmt: skip


def test_page_and_data_are_written_beside_each_other(tmp_path: Path, story: Story) -> None:
    page = write_story(tmp_path / "found", story)

    assert page == tmp_path / "found" / "story.html"
    assert read_story(page.with_name("story.json")) == story


def test_the_page_needs_no_network(story: Story) -> None:
    html = render_story(story)

    assert re.findall(r"""(?:src|href|action)=["'](?!#)[^"']*""", html) == []
    assert "http:" not in html
    assert "https:" not in html
    assert "@import" not in html
    assert "url(#" in html
    assert len(re.findall(r"url\((?!#)", html)) == 0
    assert "default-src 'none'" in html


def test_everything_that_is_told_is_on_the_page(story: Story) -> None:
    html = render_story(story)

    for each in story.moments:
        assert each.sentence in html
        assert after_opening(each.time_us) in html
    for words in (story.headline, story.rule.statement, "3 StockReceived", "kill -9", "down 400ms", "partitions"):
        assert words in html
    assert "doorbuster replay &#39;my tape.json&#39;" in html


def test_what_changed_is_marked_and_what_did_not_is_not(story: Story) -> None:
    rows = re.findall(r'<tr class="(\w*)"><th scope="row">(\w+)</th>', render_story(story))

    assert rows == [("", "sku"), ("changed", "available")]


def test_nothing_from_outside_becomes_markup(story: Story) -> None:
    hostile = "<script>alert('x')</script>"
    wild = msgspec.structs.replace(
        story,
        title=hostile,
        headline=hostile,
        replay=hostile,
        state_before=StateTable(hostile, {hostile: hostile}),
        configuration={hostile: hostile},
        lanes=(*story.lanes[:2], Lane("inventory", (hostile,))),
        moments=tuple(
            msgspec.structs.replace(each, title=hostile, sentence=hostile, subject=hostile) for each in story.moments
        ),
    )

    assert "alert(&#39;x&#39;)" in render_story(wild)
    assert "<script>alert" not in render_story(wild)


def test_no_box_covers_another_and_titles_fit(story: Story) -> None:
    picture = picture_of(story)
    boxes = sorted(picture.boxes, key=lambda box: box.y)

    assert all(above.y + above.height < below.y for above, below in pairwise(boxes))
    assert all(text_width(title, 12.5) <= box.width for box in boxes for title in box.titles)
    assert all(
        box.x >= 0 and box.x + box.width <= picture.width and box.y + box.height < picture.height for box in boxes
    )


def test_no_arrow_runs_through_a_box(story: Story) -> None:
    picture = picture_of(story)

    for line in picture.lines:
        x = float(re.findall(r"H([\d.]+)", line.path)[0])
        assert not any(box.x < x < box.x + box.width for box in picture.boxes), line
        assert x < picture.width, line


def test_a_fault_lies_over_its_lane_from_its_strike_to_the_first_moment_after_it_healed(story: Story) -> None:
    picture = picture_of(story)
    band, boxes = picture.bands[0], {box.moment.id: box for box in picture.boxes}

    assert band.x < boxes["m3"].x < band.x + band.width
    assert band.y <= boxes["m2"].y
    assert boxes["m3"].y + boxes["m3"].height < band.y + band.height <= boxes["m4"].row_y + boxes["m4"].height
    assert band.y + band.height < boxes["m4"].y


def test_a_fault_without_lanes_lies_over_all(story: Story) -> None:
    everywhere = msgspec.structs.replace(story, faults=(msgspec.structs.replace(story.faults[0], lanes=()),))
    picture = picture_of(everywhere)

    assert picture.bands[0].width > 2 * (picture.columns[1].x - picture.columns[0].x)


def test_much_time_between_two_rows_is_told(story: Story) -> None:
    assert [later.text for later in picture_of(story).laters] == ["1.80 s later"]


def test_long_titles_are_parted_at_capitals() -> None:
    assert lines_of("ReservationCommitted", 110, 12.5) == ["Reservation", "Committed"]
    assert lines_of("place_order", 110, 12.5) == ["place_order"]
    assert lines_of("refund racing capture", 110, 12.5) == ["refund racing", "capture"]


def test_a_story_without_state_or_arrows_is_still_a_page(story: Story) -> None:
    bare = msgspec.structs.replace(
        story, arrows=(), faults=(), state_before=StateTable(""), state_after=StateTable(""), moments=(), lanes=()
    )

    assert "Before and after" not in render_story(bare)


def test_instants_are_told_from_the_opening_on() -> None:
    assert [after_opening(us) for us in (-1_500_000, 21_043_000, 3_723_500_000)] == [
        "−0:01.500",
        "0:21.043",
        "1:02:03.500",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "damaged"), (b"[]", "damaged"), (b'{"format_version": 99}', "damaged"), (b"\xff", "damaged")],
)
def test_a_damaged_story_is_named_in_a_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "story.json"
    path.write_bytes(content)

    with pytest.raises(NotAStory, match=said):
        read_story(path)


def test_a_story_of_another_version_is_not_misread(tmp_path: Path, story: Story) -> None:
    path = tmp_path / "story.json"
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(story, format_version=2)))

    with pytest.raises(NotAStory, match="format 2"):
        read_story(path)


def test_a_missing_story_is_named_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(NotAStory, match="cannot be read"):
        read_story(tmp_path / "nowhere.json")
