"""The installed openrlhf wheel, read as source: what upstream publishes, whatever this process has replaced in it."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any


@cache
def folder(package: str = "openrlhf") -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


@cache
def source(module: str) -> ast.Module:
    """The syntax tree of ``openrlhf.a.b``, without importing it."""
    package, *parts = module.split(".")
    path = folder(package).joinpath(*parts)
    return ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text())


def definition(module: str, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """The function ``name``, or the method ``Class.name``, as the module defines it."""
    body = source(module).body
    *outer, last = name.split(".")
    for part in outer:
        (owner,) = (node for node in body if isinstance(node, ast.ClassDef) and node.name == part)
        body = owner.body
    found = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == last]
    assert found, f"{module} has no {name}"
    return found[0]


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Names of the parameters in order, the variable ones with their stars."""
    names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    if function.args.vararg:
        names.append("*" + function.args.vararg.arg)
    names += [argument.arg for argument in function.args.kwonlyargs]
    if function.args.kwarg:
        names.append("**" + function.args.kwarg.arg)
    return names


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of a function or method of that name, however it is reached."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == name:
            yield node


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of an attribute chain; what is not a name at its root is left out."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def leaves(namespace: SimpleNamespace, above: str = "") -> dict[str, Any]:
    """Every value of a nested namespace under its dotted path."""
    found: dict[str, Any] = {}
    for name, value in vars(namespace).items():
        found |= leaves(value, f"{above}{name}.") if isinstance(value, SimpleNamespace) else {above + name: value}
    return found
