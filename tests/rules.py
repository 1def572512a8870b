"""Which test proves which rule of docs/rules.md.

A test says it with `@rule("CHAT-2")`; `python -m tests.rules` (make rules) lists every rule with its proof.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LISTED = re.compile(r"^- \*\*([A-Z]+-\d+)\*\*", re.MULTILINE)


def rule(*ids: str) -> pytest.MarkDecorator:
    """Mark a test, or a class of tests, as proof of these rules."""
    return pytest.mark.rules(*ids)


def listed(path: Path) -> list[str]:
    """The ids of the rules in docs/rules.md, in its order. Raises ValueError when one stands there twice."""
    ids = LISTED.findall(path.read_text())
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ValueError(f"{path.name} lists twice: {', '.join(twice)}")
    return ids


def proofs(folder: Path) -> Iterator[tuple[str, str]]:
    """Every (rule id, test) pair marked in the test files below `folder`."""
    for path in sorted(folder.rglob("test_*.py")):
        name = path.relative_to(folder.parent).as_posix()
        yield from _proofs_in(ast.parse(path.read_text(), str(path)), name, ())


def _proofs_in(node: ast.AST, name: str, inherited: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _proofs_in(child, f"{name}::{child.name}", inherited + _marked(child))
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and child.name.startswith("test"):
            for marked in inherited + _marked(child):
                yield marked, f"{name}::{child.name}"


def _marked(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    return tuple(
        argument.value
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name)
        if decorator.func.id == "rule"
        for argument in decorator.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )


def report(rules: Path, tests: Path) -> tuple[list[str], list[str]]:
    """The lines to print, and the errors: tests that name a rule which is not listed."""
    ids = listed(rules)
    found: dict[str, list[str]] = {}
    for name, test in proofs(tests):
        found.setdefault(name, []).append(test)
    lines = [f"{name} proven {_shown(found[name])}" if name in found else f"{name} UNPROVEN" for name in ids]
    unknown = [f"{found[name][0]} names {name}, not in {rules.name}" for name in found if name not in ids]
    return [*lines, f"{len(ids)} rules, {sum(name in found for name in ids)} proven"], unknown


def _shown(tests: list[str]) -> str:
    return tests[0] + (f" (+{len(tests) - 1})" if len(tests) > 1 else "")


def main() -> int:
    try:
        lines, errors = report(ROOT / "docs" / "rules.md", ROOT / "tests")
    except (OSError, ValueError, SyntaxError) as error:
        lines, errors = [], [str(error)]
    print("\n".join([*errors, *lines]))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
