"""Puts a mutant into modules that are loaded: so the tests are collected once and each trial begins with them.

A change within functions exchanges their code. A change of a table or another constant makes the module's constants
anew and puts them wherever the old ones are held. One of a class body or of a default fits neither way.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

Pairs = list[tuple[CodeType, CodeType]]


def changed(before: CodeType, after: CodeType) -> Pairs | None:
    """The functions' codes that differ, of a module; None where anything outside its functions differs."""
    if before.co_flags & CO_OPTIMIZED:
        if before.co_freevars != after.co_freevars:
            return None
        return [] if _same(before, after) else [(before, after)]
    if _skeleton(before) != _skeleton(after):
        return None
    pairs: Pairs = []
    for one, other in zip(_codes(before), _codes(after), strict=True):
        inner = changed(one, other)
        if inner is None:
            return None
        pairs += inner
    return pairs


def _codes(code: CodeType) -> Iterator[CodeType]:
    return (const for const in code.co_consts if isinstance(const, CodeType))


def _skeleton(code: CodeType) -> object:
    consts = tuple(
        (const.co_name, const.co_flags)
        if isinstance(const, CodeType)
        else const
        if isinstance(const, str)
        else repr(const)
        for const in code.co_consts
        # Where a class stands is no matter: it moves with every line above it.
    )
    return code.co_code, code.co_names, consts, code.co_varnames, code.co_freevars, code.co_cellvars


def _same(one: CodeType, other: CodeType) -> bool:
    return _skeleton(one) == _skeleton(other) and all(map(_same, _codes(one), _codes(other)))


def functions(path: Path) -> dict[tuple[str, int], list[FunctionType]]:
    """All functions of a file that is loaded, by name and line."""
    found: dict[tuple[str, int], list[FunctionType]] = {}
    for thing in gc.get_objects():
        if type(thing) is FunctionType and thing.__code__.co_filename == str(path):
            code = thing.__code__
            found.setdefault((code.co_qualname, code.co_firstlineno), []).append(thing)
    return found


def swap(pairs: Pairs, loaded: dict[tuple[str, int], list[FunctionType]]) -> None:
    """Exchange the codes; a function that is not loaded stays as it was."""
    for before, after in pairs:
        for function in loaded.get((before.co_qualname, before.co_firstlineno), []):
            function.__code__ = after


def classes_stay(before: CodeType, after: CodeType) -> bool:
    """Whether the two differ in nothing but functions and the module's own constants."""
    bodies = [
        [code for code in _codes(module) if not code.co_flags & CO_OPTIMIZED] for module in (before, after)
    ]
    return len(bodies[0]) == len(bodies[1]) and all(map(_same, *bodies))


def run_at_import(code: CodeType, name: str) -> set[tuple[str, int]]:
    """The module's own functions that are called while it is imported: exchanging their code comes too late."""
    called: set[tuple[str, int]] = set()

    def seen(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename == code.co_filename:
            called.add((frame.f_code.co_qualname, frame.f_code.co_firstlineno))

    sys.setprofile(seen)
    try:
        exec(code, {"__name__": name, "__file__": code.co_filename})  # noqa: S102 - the module itself
    finally:
        sys.setprofile(None)
    return called


def rebind(module: ModuleType, code: CodeType, roots: tuple[str, ...]) -> None:
    """Make the module's constants anew from other code, and put them wherever the old ones are held by name."""
    anew = ModuleType(module.__name__)
    anew.__dict__.update({"__file__": module.__file__, "__package__": module.__package__})
    exec(code, anew.__dict__)  # noqa: S102 - it is the module itself with one change
    fresh = {name: value for name, value in vars(anew).items() if _constant(name, value)}
    holders = [held for name, held in sys.modules.items() if name.partition(".")[0] in roots]
    for name, value in fresh.items():
        if name not in vars(module):
            continue
        old = vars(module)[name]
        for holder in holders:
            if vars(holder).get(name) is old:
                setattr(holder, name, value)


def _constant(name: str, value: Any) -> bool:
    return not name.startswith("__") and not isinstance(value, FunctionType | ModuleType | type)
