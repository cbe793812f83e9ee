"""The size guards that ruff has no rule for: no file over 500 lines, no function over 40."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 40


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the end: what must be kept in mind while reading."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def complaints(path: Path) -> list[str]:
    """What is too long in one file."""
    text = path.read_text(encoding="utf-8")
    found = []
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        found.append(f"{path}: {lines} lines, more than {MAX_FILE_LINES}")
    functions = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    found += [
        f"{path}:{f.lineno}: {f.name} has {body_lines(f)} lines, more than {MAX_FUNCTION_LINES}"
        for f in functions
        if body_lines(f) > MAX_FUNCTION_LINES
    ]
    return found


def main() -> int:
    """Check every Python file that git tracks, from the root of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z", "*.py"], capture_output=True, check=True).stdout.decode()
    paths = [Path(name) for name in listed.split("\0") if name and Path(name).exists()]
    found = [line for path in paths for line in complaints(path)]
    sys.stdout.writelines(line + "\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
