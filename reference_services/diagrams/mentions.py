"""Which messages a pure function may make, read from its code: no example could be sure to show every case.

The wiring says what a policy reacts to, but not what it asks for; that is in the policy's function. A message class
that the function's code names, or that a helper which it calls names, counts as one that it may make.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, TypeVar

T = TypeVar("T")


def mentioned(function: Callable[..., Any], wanted: type[T]) -> tuple[type[T], ...]:
    """The subclasses of ``wanted`` that ``function`` names, in order of first appearance.

    Helpers in the folder of the function are followed, among them methods of the object that a bound method belongs to.
    A class that is only asked for its instances (``isinstance``) is counted too. A class instead of a function names
    itself. Raises TypeError for anything else that can be called: its code cannot be read.
    """
    while isinstance(function, partial):
        function = function.func
    things = [function] if isinstance(function, type) else _Reader(_folder(function)).read(function)
    named = dict.fromkeys(thing for thing in things if isinstance(thing, type))
    return tuple(thing for thing in named if issubclass(thing, wanted) and thing is not wanted)


class _Reader:
    """Walks from one function through the helpers beside it, each once."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._seen: set[CodeType] = set()

    def read(self, function: Any) -> Iterator[Any]:
        """Everything that ``function`` and its helpers name."""
        bound = isinstance(function, MethodType)
        plain = function.__func__ if bound else function
        if not isinstance(plain, FunctionType):
            raise TypeError(f"{function!r} is not a function whose code can be read")
        if plain.__code__ in self._seen:
            return
        self._seen.add(plain.__code__)
        for thing in _named(plain):
            yield thing
            if isinstance(thing, FunctionType) and _folder(thing) == self._folder:
                yield from self.read(thing)
        for method in _methods(plain, function.__self__) if bound else ():
            yield from self.read(method)


def _named(function: FunctionType) -> Iterator[Any]:
    """The globals and enclosed variables that the code of ``function`` loads, attributes of modules among them."""
    enclosed = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    for code in _codes(function.__code__):
        last: Any = None
        for step in dis.get_instructions(code):
            if step.opname == "LOAD_GLOBAL":
                last = function.__globals__.get(step.argval)
            elif step.opname == "LOAD_DEREF" and step.argval in enclosed:
                last = enclosed[step.argval].cell_contents
            elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(last, ModuleType):
                last = getattr(last, step.argval, None)
            else:
                last = None
            if last is not None:
                yield last


def _codes(code: CodeType) -> Iterator[CodeType]:
    """``code`` and the code of every function, generator and comprehension written inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _methods(function: FunctionType, owner: Any) -> Iterator[MethodType]:
    """The methods of ``owner`` that bear a name which ``function`` uses."""
    for name in dict.fromkeys(name for code in _codes(function.__code__) for name in code.co_names):
        method = getattr(type(owner), name, None)
        if isinstance(method, FunctionType):
            yield MethodType(method, owner)


def _folder(function: Callable[..., Any]) -> str:
    return (function.__module__ or "").rpartition(".")[0]
