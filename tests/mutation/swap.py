"""Puts a mutant into a loaded module: the code of its functions is exchanged in place.

So the tests are collected once and each trial begins with them. It fits a change within functions only; one of a
table, a class body or a default is not swapped but imported anew.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType

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


def swap(pairs: Pairs, loaded: dict[tuple[str, int], list[FunctionType]]) -> bool:
    """Exchange the codes; false where a function that changed is not loaded."""
    for before, after in pairs:
        held = loaded.get((before.co_qualname, before.co_firstlineno), [])
        if not held:
            return False
        for function in held:
            function.__code__ = after
    return bool(pairs)
