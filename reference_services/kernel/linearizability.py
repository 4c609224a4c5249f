"""Linearizability: is there one order of events, one after the other, that explains what all clients saw?

Wing and Gong's search (Testing and Verifying Concurrent Objects, 1993) with Lowe's memoization (Testing for
Linearizability, 2017), as Porcupine does it. The problem is NP-complete, so the search is bounded: a history that it
cannot finish is undecided, which is never a pass. Check each key by itself (P-compositionality: Horn and Kroening,
Faster linearizability checking via P-compositionality, 2015).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator
from enum import Enum
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec

S = TypeVar("S", bound=Hashable)

CONFIGURATIONS_MAX = 1_000_000
"""Configurations of one key that are looked at before the search gives up: some tens of seconds, some 100 MB."""


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"


Timing = Literal["any", "soonest", "latest"]

UNKNOWN: Final = Unknown.UNKNOWN
"""The result of an operation whose client never learnt what became of it."""


class Operation(msgspec.Struct, frozen=True):
    """One operation of a client: ``argument`` and ``result`` are hashable, and equal ones do the same.

    It took effect at one instant from ``invoked_us`` to ``returned_us``. One whose ``returned_us`` is None has the
    result `UNKNOWN`, and may take effect at any time after its invocation or never. Raises ValueError for a return
    before the invocation, or a result without a return.
    """

    client: str
    invoked_us: int
    returned_us: int | None
    argument: Hashable
    result: Hashable = UNKNOWN

    def __post_init__(self) -> None:
        if (self.returned_us is None) != (self.result is UNKNOWN):
            raise ValueError(f"{self.client}: an operation returns if and only if its result is known")
        if self.returned_us is not None and self.returned_us < self.invoked_us:
            raise ValueError(f"{self.client}: an operation returns {self.invoked_us - self.returned_us} us too early")


class Model(ABC, Generic[S]):
    """What the thing does if operations come one after the other."""

    initial: S

    @abstractmethod
    def step(self, state: S, argument: Any, result: Any) -> S | None:
        """The state after an operation, or None if it cannot have had that result in ``state``.

        With the result `UNKNOWN` any outcome is possible: return ``state`` if the operation can do nothing there.
        """

    def timing(self, argument: Any, result: Any) -> Timing:
        """A hint that saves the search much work, and must be true in every state.

        ``soonest``: once possible it never stands in the way of other operations, as a read. ``latest``: no other
        operation ever needs it before, and it stays possible behind those that can come first.
        """
        return "any"

    @abstractmethod
    def saw(self, operation: Operation) -> str:
        """What the operation's client saw, as a clause: "ann was told that all is sold"."""

    @abstractmethod
    def situation(self, state: S) -> str:
        """How things stood, as a clause: "3 of 200 units were taken"."""


class Verdict(msgspec.Struct, frozen=True):
    """What came of a check.

    Unless the history is linearizable, ``stuck`` is the operation before whose return every order fails that was
    tried; ``placed`` is an order that reaches this point, and ``state`` how things stand after it.
    """

    status: Literal["linearizable", "impossible", "undecided"]
    configurations: int
    placed: tuple[Operation, ...]
    stuck: Operation | None = None
    state: Any = None

    @property
    def linearizable(self) -> bool:
        """Whether an order was found that explains everything."""
        return self.status == "linearizable"


def check(model: Model[Any], operations: Iterable[Operation], configurations_max: int = CONFIGURATIONS_MAX) -> Verdict:
    """Search for an order of ``operations`` that respects real time and that ``model`` allows.

    ``operations`` are all those on one key, in any order. Gives up, undecided, after ``configurations_max``
    configurations (which operations have been placed, and the state that they led to).
    """
    return _Search(model, operations).run(configurations_max)


HEAD = 0
Order = tuple[Any, int] | None
"""Operations placed so far, last first, as a linked list: shared between all branches of the search."""


class _Position(msgspec.Struct, frozen=True):
    """A configuration, how it was reached, and how far the entries have been lifted.

    Which of the settled operations have been placed is told by ``base`` and ``window``: all those before ``base`` in
    order of invocation, and ``base + i`` for each bit ``i``. So the bits are as many as operations overlap, however
    long the history is. ``unknowns`` has a bit for each operation without a return.
    """

    state: Any
    base: int
    window: int
    unknowns: int
    order: Order
    lifted: int


class _Choice:
    """A position, and the operations that can still be tried next: the one that returns first is the last."""

    __slots__ = ("candidates", "position")

    def __init__(self, position: _Position, candidates: list[tuple[int, Any]]) -> None:
        self.position = position
        self.candidates = candidates


class _Search:
    """A depth-first search over configurations, without recursion.

    Shortcuts keep it short, and none loses an order, by exchange of operations in it: what is best placed soonest is
    placed as soon as it is possible, and what is best placed latest when nothing may come before it any more; of
    operations that do the same, the one that returns first goes first; and one without a return that would do nothing
    now needs no try.
    """

    def __init__(self, model: Model[Any], operations: Iterable[Operation]) -> None:
        by_invocation = sorted(operations, key=lambda operation: operation.invoked_us)
        settled = [operation for operation in by_invocation if operation.returned_us is not None]
        self._model = model
        self._operations = settled + [operation for operation in by_invocation if operation.returned_us is None]
        self._settled = len(settled)
        self._kinds, kinds = _numbered((operation.argument, operation.result) for operation in self._operations)
        self._timings = ["any" if result is UNKNOWN else model.timing(argument, result) for argument, result in kinds]
        self._entries = _Entries(self._operations)
        self._position = _Position(model.initial, 0, 0, 0, None, 0)
        self._furthest = HEAD
        self._furthest_position = self._position

    def run(self, configurations_max: int) -> Verdict:
        """Try orders until one is found, none is left, or too many have been tried."""
        seen: set[tuple[int, int, int, Any]] = set()
        choices = [self._next_choice()]
        while self._position.base < self._settled:
            if len(seen) >= configurations_max:
                return self._failed("undecided", len(seen))
            choice = choices[-1]
            self._entries.unlift_to(choice.position.lifted)
            self._position = choice.position
            if not choice.candidates:
                choices.pop()
                if not choices:
                    return self._failed("impossible", len(seen))
                continue
            self._place(*choice.candidates.pop())
            following = self._next_choice()
            reached = self._position
            configuration = (reached.base, reached.window, reached.unknowns, reached.state)
            if configuration not in seen:
                seen.add(configuration)
                choices.append(following)
        return Verdict("linearizable", len(seen), self._in_order(self._position.order), None, self._position.state)

    def _next_choice(self) -> _Choice:
        """Place what is best placed soonest, and find what can come next."""
        state = self._position.state
        after: dict[int, Any] = {}
        first: dict[int, int] = {}
        returns = self._entries.returns
        for operation in self._entries.callable_now():
            kind = self._kinds[operation]
            if kind not in after:
                after[kind] = self._step(state, operation)
            if after[kind] is None or (operation >= self._settled and after[kind] == state):
                continue
            if self._timings[kind] == "soonest":
                if after[kind] != state:
                    return _Choice(self._position, [(operation, after[kind])])
                self._place(operation, state)
            elif kind not in first or returns[operation] < returns[first[kind]]:
                first[kind] = operation
        must_be_next = self._note_progress()
        candidates = [
            operation
            for kind, operation in first.items()
            if self._timings[kind] != "latest" or operation == must_be_next
        ]
        candidates.sort(key=returns.__getitem__, reverse=True)
        return _Choice(self._position, [(operation, after[self._kinds[operation]]) for operation in candidates])

    def _step(self, state: Any, index: int) -> Any:
        operation = self._operations[index]
        return self._model.step(state, operation.argument, operation.result)

    def _place(self, operation: int, state: Any) -> None:
        position = self._position
        base, window, unknowns = position.base, position.window, position.unknowns
        if operation < self._settled:
            window |= 1 << (operation - base)
            full = (~window & (window + 1)).bit_length() - 1
            base, window = base + full, window >> full
        else:
            unknowns |= 1 << (operation - self._settled)
        self._entries.lift(operation)
        order = (position.order, operation)
        self._position = _Position(state, base, window, unknowns, order, position.lifted + 1)

    def _note_progress(self) -> int:
        """The operation that returns next; remembers the first position that gets so far: nothing may get past it."""
        reached = self._entries.first_return()
        if reached > self._furthest:
            self._furthest = reached
            self._furthest_position = self._position
        return self._entries.operation_at(reached)

    def _failed(self, status: Literal["impossible", "undecided"], configurations: int) -> Verdict:
        best = self._furthest_position
        stuck = self._operations[self._entries.operation_at(self._furthest)]
        return Verdict(status, configurations, self._in_order(best.order), stuck, best.state)

    def _in_order(self, order: Order) -> tuple[Operation, ...]:
        placed = []
        while order is not None:
            order, operation = order
            placed.append(self._operations[operation])
        return tuple(reversed(placed))


class _Entries:
    """The calls and returns in order of time, as a doubly linked list from which placed operations are lifted.

    At the same instant calls come before returns: operations that touch are concurrent. Operations that never return
    have a call only, and ``returns`` holds for them the end of the list.
    """

    def __init__(self, operations: list[Operation]) -> None:
        moments = [(operation.invoked_us, 0, index) for index, operation in enumerate(operations)]
        moments += [
            (operation.returned_us, 1, index)
            for index, operation in enumerate(operations)
            if operation.returned_us is not None
        ]
        moments.sort()
        end = len(moments) + 1
        self._next = list(range(1, end + 1))
        self._previous = list(range(-1, end))
        self._is_call = [False, *(not is_return for _, is_return, _ in moments), False]
        self._operation = [-1, *(index for _, _, index in moments), -1]
        self._calls = [end] * len(operations)
        self.returns = [end] * len(operations)
        for entry, (_, is_return, index) in enumerate(moments, start=1):
            (self.returns if is_return else self._calls)[index] = entry
        self._end = end
        self._lifted: list[int] = []

    def callable_now(self) -> Iterator[int]:
        """The operations that can come next: those called before the first return. They may be lifted meanwhile."""
        before = HEAD
        entry = self._next[before]
        while self._is_call[entry]:
            yield self._operation[entry]
            if self._next[before] == entry:
                before = entry
            entry = self._next[before]

    def first_return(self) -> int:
        """The entry at which `callable_now` ends."""
        entry = self._next[HEAD]
        while self._is_call[entry]:
            entry = self._next[entry]
        return entry

    def operation_at(self, entry: int) -> int:
        """The operation that an entry is of."""
        return self._operation[entry]

    def lift(self, operation: int) -> None:
        """Take an operation out of the list."""
        self._lifted.append(operation)
        self._cut(self._calls[operation])
        if self.returns[operation] != self._end:
            self._cut(self.returns[operation])

    def unlift_to(self, count: int) -> None:
        """Put operations back, the last lifted first, until only ``count`` are out."""
        while len(self._lifted) > count:
            operation = self._lifted.pop()
            if self.returns[operation] != self._end:
                self._mend(self.returns[operation])
            self._mend(self._calls[operation])

    def _cut(self, entry: int) -> None:
        before, after = self._previous[entry], self._next[entry]
        self._next[before] = after
        self._previous[after] = before

    def _mend(self, entry: int) -> None:
        self._next[self._previous[entry]] = entry
        self._previous[self._next[entry]] = entry


def _numbered(values: Iterable[tuple[Hashable, Hashable]]) -> tuple[list[int], list[tuple[Hashable, Hashable]]]:
    """For each value a number, equal ones for equal values; and the values by number."""
    numbers: dict[tuple[Hashable, Hashable], int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values], list(numbers)
