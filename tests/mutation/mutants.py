"""Every small change of a module that a test ought to notice.

The changes are mutmut's (numbers, strings, comparisons, arguments, assignments, ...), and beside them those that
money asks for: a step that is left out, an entry of a table that is missing, a condition turned round. mutmut's own
runner leaves out what stands at module level and under a decorator; the tables and the sums stand just there, so
only its changes are taken and each one is made in the whole source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal, operator_string
from mutmut.mutation.pragma_handling import IgnoredCode


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change in it: where, what stood there, what stands there now, and the whole source."""

    path: str
    line: int
    function: str
    before: str
    after: str
    source: str

    @property
    def key(self) -> str:
        """The same change of the same source has the same key in every run."""
        return hashlib.sha256(f"{self.path}\0{self.source}".encode()).hexdigest()[:16]


def _step_left_out(node: cst.Expr) -> Iterable[cst.CSTNode]:
    if isinstance(node.value, cst.Call | cst.Await):
        yield cst.Pass()


def _entry_missing(node: cst.Dict | cst.Set) -> Iterable[cst.CSTNode]:
    most = len(node.elements) if len(node.elements) > 1 or isinstance(node, cst.Dict) else 0
    for at in range(most):
        yield node.with_changes(elements=[*node.elements[:at], *node.elements[at + 1 :]])


def _argument(node: cst.Call) -> Iterable[cst.CSTNode]:
    """Nothing in the place of an argument; and left out where that can go unnoticed: by name, or at the end."""
    for at, arg in enumerate(node.args):
        if arg.star:
            continue
        if not m.matches(arg.value, m.Name("None")):
            nothing = arg.with_changes(value=cst.Name("None"))
            yield node.with_changes(args=[*node.args[:at], nothing, *node.args[at + 1 :]])
        if len(node.args) > 1 and (arg.keyword or at == len(node.args) - 1):
            yield node.with_changes(args=[*node.args[:at], *node.args[at + 1 :]])


def _turned_round(node: cst.If) -> Iterable[cst.CSTNode]:
    if not m.matches(node.test, m.Comparison() | m.UnaryOperation(operator=m.Not())):
        inner = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), inner))


def _other_text(node: cst.SimpleString) -> Iterable[cst.CSTNode]:
    """mutmut's first change of a string only: that the same letters in capitals are noticed proves no more."""
    yield from list(operator_string(node))[:1]


REPLACED = (operator_string, operator_arg_removal)
OPERATORS: list[tuple[type, Any]] = [
    *((kind, change) for kind, change in mutation_operators if change not in REPLACED),
    (cst.SimpleString, _other_text),
    (cst.Call, _argument),
    (cst.Expr, _step_left_out),
    (cst.Dict, _entry_missing),
    (cst.Set, _entry_missing),
    (cst.If, _turned_round),
]
NO_MONEY = m.OneOf(
    m.Annotation(),
    m.Decorator(),
    m.Import(),
    m.ImportFrom(),
    m.Assign(targets=[m.AssignTarget(m.Name("__all__"))]),
    m.Call(func=m.Name("TypeVar") | m.Name("isinstance") | m.Name("len")),
    m.Expr(m.SimpleString()),
)
TYPES = {
    "type",
    "Literal",
    "tuple",
    "list",
    "dict",
    "set",
    "frozenset",
    "Callable",
    "Mapping",
    "Generic",
    "Awaitable",
}


class _Visitor(MutationVisitor):
    """mutmut's walk through a module, but into decorated functions, too."""

    def __init__(self) -> None:
        super().__init__(OPERATORS, IgnoredCode(set(), set(), set()))

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Subscript):
            return isinstance(node.value, cst.Name) and node.value.value in TYPES
        return m.matches(node, NO_MONEY)


def mutants_of(path: Path, root: Path) -> list[Mutant]:
    """All changes of one file, in the order of their lines; none twice."""
    source = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source))
    places = wrapper.resolve(PositionProvider)
    visitor = _Visitor()
    wrapper.visit(visitor)
    names = _functions(wrapper.module, places)
    seen, found = {source}, []
    for code in _changed(wrapper.module, visitor.mutations):
        if code not in seen and _compiles(code):
            seen.add(code)
            line, before, after = _difference(source, code)
            where = path.relative_to(root).as_posix()
            found.append(Mutant(where, line, names.get(line, ""), before, after, code))
    return sorted(found, key=lambda mutant: mutant.line)


def _changed(module: cst.Module, changes: Iterable[Mutation]) -> Iterator[str]:
    """The whole source once for each change; only the statement that it stands in is written anew."""
    head = "".join(map(module.code_for_node, module.header))
    foot = "".join(map(module.code_for_node, module.footer))
    parts = [module.code_for_node(statement) for statement in module.body]
    home = {id(node): at for at, statement in enumerate(module.body) for node in _nodes(statement)}
    for change in changes:
        at = home[id(change.original_node)]
        new = deep_replace(module.body[at], change.original_node, change.mutated_node)
        assert isinstance(new, cst.CSTNode)
        yield "".join([head, *parts[:at], module.code_for_node(new), *parts[at + 1 :], foot])


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def _compiles(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _functions(module: cst.Module, places: Any) -> dict[int, str]:
    """The function or class method that each line stands in."""
    names: dict[int, str] = {}

    class Walk(cst.CSTVisitor):
        def __init__(self) -> None:
            self.stack: list[str] = []

        def _enter(self, node: Any) -> None:
            self.stack.append(node.name.value)
            for line in range(places[node].start.line, places[node].end.line + 1):
                names[line] = ".".join(self.stack)

        def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802 - libcst's name
            self._enter(node)

        def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:  # noqa: N802
            self.stack.pop()

        def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802
            self._enter(node)

        def leave_ClassDef(self, original_node: cst.ClassDef) -> None:  # noqa: N802
            self.stack.pop()

    module.visit(Walk())
    return names


def _difference(before: str, after: str) -> tuple[int, str, str]:
    """The first line that differs, and the lines that differ, stripped: as they stood and as they stand now."""
    old, new, line = before.split("\n"), after.split("\n"), 1
    while old and new and old[0] == new[0]:
        del old[0], new[0]
        line += 1
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return line, "\n".join(map(str.strip, old)), "\n".join(map(str.strip, new))
