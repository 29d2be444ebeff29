"""Mutants of one module: its source with one decision turned round."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


SWAPPED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file.

    Attributes:
        line: where it is.
        before: what stood there.
        source: the whole file with it.
        function: in whose body it is, as `Class.method`; empty for what runs at import.
    """

    path: str
    line: int
    before: str
    after: str
    source: str
    function: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before}  →  {self.after}"


def mutants_of(path: str, source: str) -> Iterator[Mutant]:
    """Every comparison, connective, negation, number, condition, raise and call turned round."""
    tree = ast.parse(source)
    hints, bodies = _annotations(tree), _bodies(tree)
    for place, node in enumerate(ast.walk(tree)):
        if node not in hints and (turned := _turned(deepcopy(node))) is not None:
            changed = _Put(place, turned).visit(deepcopy(tree))
            line = getattr(node, "lineno", 0)
            before, after = (_short(ast.unparse(n)) for n in (node, turned))
            yield Mutant(path, line, before, after, ast.unparse(changed), bodies.get(node, ""))


def _annotations(tree: ast.AST) -> set[ast.AST]:
    """Nothing of these ever runs."""
    fields = ("annotation", "returns")
    hints = [getattr(node, name, None) for node in ast.walk(tree) for name in fields]
    return {inner for hint in hints if hint for inner in ast.walk(hint)}


def _bodies(tree: ast.AST, outside: str = "") -> dict[ast.AST, str]:
    """By every node in the body of a function that function's qualified name."""
    found: dict[ast.AST, str] = {}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            inner = (one for line in node.body for one in ast.walk(line))
            found |= dict.fromkeys(inner, outside + node.name)
        elif isinstance(node, ast.ClassDef):
            found |= _bodies(node, f"{outside}{node.name}.")
    return found


class _Put(ast.NodeTransformer):
    """Puts a node in the place of one that is known by its number in a walk."""

    def __init__(self, place: int, turned: ast.AST) -> None:
        self._place = place
        self._turned = turned
        self._there: ast.AST | None = None

    def visit(self, node: ast.AST) -> ast.AST:
        """The same tree, but for that node."""
        if self._there is None:
            self._there = list(ast.walk(node))[self._place]
        return self._turned if node is self._there else self.generic_visit(node)


def _turned(node: ast.AST) -> ast.AST | None:
    """A copy of a node, turned round; None where there is nothing to turn."""
    match node:
        case ast.Compare():
            node.ops[0] = TURNED[type(node.ops[0])]()
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.UnaryOp(op=ast.Not()):
            return node.operand
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int() | float() as number):
            node.value = number + 1
        case ast.BinOp() if type(node.op) in SWAPPED:
            node.op = SWAPPED[type(node.op)]()
        case ast.Expr(value=ast.Call()) | ast.Raise():
            return ast.Pass()
        case ast.Return(value=ast.expr() as value) if not _says_no(value):
            node.value = ast.Constant(None)
        case _:
            return None
    return node


def _says_no(value: ast.expr) -> bool:
    """None already, or as good as that."""
    return isinstance(value, ast.Constant) and value.value in (None, False)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) < 70 else f"{line[:67]}…"
