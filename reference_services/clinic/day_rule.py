"""The days of a template: the recurrence rules of RFC 5545, section 3.3.10, as far as they speak of days.

A library would read them, too. But it looks for a rule's next day until it finds one: until the year 9999 if there is
none, for ever if the interval is 0. Whoever decides would look with it. Here a question about one day takes one look at
its month.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

import msgspec

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EXAMPLE = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"

_WEEKDAY = "MO|TU|WE|TH|FR|SA|SU"
_NTH_WEEKDAY = rf"([+-]?[1-5])?({_WEEKDAY})"
_NTH_DAY = r"[+-]?([1-9]|[12][0-9]|3[01])"
_PARTS = {
    "INTERVAL": re.compile(r"[1-9][0-9]{0,2}"),
    "WKST": re.compile(_WEEKDAY),
    "BYDAY": re.compile(rf"{_NTH_WEEKDAY}(,{_NTH_WEEKDAY}){{0,34}}"),
    "BYMONTHDAY": re.compile(rf"{_NTH_DAY}(,{_NTH_DAY}){{0,61}}"),
    "BYSETPOS": re.compile(rf"{_NTH_DAY}(,{_NTH_DAY}){{0,61}}"),
}
_FREQUENCY = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY)")


class BadRule(ValueError):
    """The text is no rule of days; it says why."""


class Weekday(msgspec.Struct, frozen=True):
    """A day of the week, from 0 for Monday; ``nth`` counts within the month, from its end if negative, 0 for each."""

    day: int
    nth: int


class DayRule(msgspec.Struct, frozen=True, kw_only=True):
    """Days from ``first`` on, in every ``interval``-th day, week or month.

    ``positions`` choose among the days of a month that fit, by their rank, from the end if negative.
    """

    first: date
    frequency: str
    interval: int
    week_starts: int
    weekdays: tuple[Weekday, ...]
    month_days: tuple[int, ...]
    positions: tuple[int, ...]

    def includes(self, day: date) -> bool:
        """Whether the rule names ``day``."""
        if day < self.first or self._periods_since_first(day) % self.interval or not self._fits(day):
            return False
        return not self.positions or self._is_chosen(day)

    def _periods_since_first(self, day: date) -> int:
        if self.frequency == "DAILY":
            return (day - self.first).days
        if self.frequency == "WEEKLY":
            return (self._week_of(day) - self._week_of(self.first)).days // 7
        return 12 * (day.year - self.first.year) + day.month - self.first.month

    def _week_of(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_starts) % 7)

    def _fits(self, day: date) -> bool:
        if not self.weekdays and not self.month_days:
            return self._fits_first(day)
        length = monthrange(day.year, day.month)[1]
        on_weekday = not self.weekdays or any(_is_weekday(day, length, each) for each in self.weekdays)
        on_day = not self.month_days or day.day in self.month_days or day.day - length - 1 in self.month_days
        return on_weekday and on_day

    def _fits_first(self, day: date) -> bool:
        """What a rule that names no days means: those like the first."""
        if self.frequency == "WEEKLY":
            return day.weekday() == self.first.weekday()
        return self.frequency == "DAILY" or day.day == self.first.day

    def _is_chosen(self, day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        fitting = [number for number in range(1, length + 1) if self._fits(day.replace(day=number))]
        rank = fitting.index(day.day)
        return rank + 1 in self.positions or rank - len(fitting) in self.positions


def day_rule(text: str, first: date) -> DayRule:
    """The rule that ``text`` writes, as an RRULE whose DTSTART is ``first``. Raises `BadRule`."""
    frequency, *rest = text.split(";")
    if _FREQUENCY.fullmatch(frequency) is None:
        raise BadRule(f"{text!r} is not a rule of days; write e.g. {EXAMPLE}")
    parts = {name: value for name, _, value in (part.partition("=") for part in rest)}
    for name, value in parts.items():
        if name not in _PARTS or _PARTS[name].fullmatch(value) is None:
            raise BadRule(f"{text!r} is not an RRULE of days: change {name}={value}")
    rule = DayRule(
        first=first,
        frequency=frequency.removeprefix("FREQ="),
        interval=int(parts.get("INTERVAL", "1")),
        week_starts=WEEKDAYS.index(parts.get("WKST", "MO")),
        weekdays=tuple(_weekday(each) for each in _listed(parts, "BYDAY")),
        month_days=tuple(int(each) for each in _listed(parts, "BYMONTHDAY")),
        positions=tuple(int(each) for each in _listed(parts, "BYSETPOS")),
    )
    if len(parts) < len(rest):
        raise BadRule(f"{text!r} is not an RRULE: it says something twice")
    if problem := _contradiction(rule):
        raise BadRule(f"{text!r} is not an RRULE of days: {problem}")
    return rule


def _contradiction(rule: DayRule) -> str:
    """Why the parts of a rule do not go together; empty if they do. Source: RFC 5545, the table in section 3.3.10."""
    monthly = rule.frequency == "MONTHLY"
    if not monthly and (rule.positions or any(weekday.nth for weekday in rule.weekdays)):
        return "BYSETPOS and the n-th of a weekday need FREQ=MONTHLY"
    if rule.positions and not rule.weekdays and not rule.month_days:
        return "BYSETPOS needs BYDAY or BYMONTHDAY"
    return "BYMONTHDAY does not go with FREQ=WEEKLY" if rule.frequency == "WEEKLY" and rule.month_days else ""


def _listed(parts: dict[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []


def _weekday(text: str) -> Weekday:
    return Weekday(WEEKDAYS.index(text[-2:]), int(text[:-2] or "0"))


def _is_weekday(day: date, month_length: int, wanted: Weekday) -> bool:
    if day.weekday() != wanted.day:
        return False
    from_start, from_end = (day.day - 1) // 7 + 1, (month_length - day.day) // 7 + 1
    return wanted.nth in (0, from_start, -from_end)
