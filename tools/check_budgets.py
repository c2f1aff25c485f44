"""Measures the size budgets of the repository and fails when one is exceeded.

`--environment` measures the installed runtime packages instead of the source.
"""

import ast
import gzip
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PYTHON_ROOMS = ("relevo", "actions", "bench", "tools", "tests")
TYPESCRIPT_ROOM = "frontend"
SHOWN_PER_BUDGET = 5

FILE_LINES, FILE_MEDIAN = 350, 120
FUNCTION_LINES, FUNCTION_MEDIAN = 40, 8
TYPESCRIPT_LINES = 250
ENVIRONMENT_MEGABYTES = 700
DESK = ROOT / "relevo" / "web" / "static" / "desk"
DESK_KILOBYTES = {"js": 90, "css": 15}
"""What a browser loads before the desk's first page is whole, compressed."""
WIDGET = ROOT / "relevo" / "web" / "static" / "widget"
LANGUAGE, MORE_OF_IT = "[a-z][a-z]-*.js", "more-*.js"
WIDGET_KILOBYTES = {
    "widget.js": 4,
    "panel-*.js": 22,
    "conversation-*.js": 4.5,
    "extras-*.js": 10,
    LANGUAGE: 2,
    MORE_OF_IT: 2,
}
"""What a visitor's browser loads, compressed: the button, the panel, what a first word brings, the rest, a language."""
WIDGET_OPENED_KILOBYTES = 26
"""All files that a freshly opened chat fetches before the visitor does anything, in the language with most to say."""

# What may exceed its budget: "path" or "path::function", and why. Short, because it is read aloud.
EXCEPTIONS: dict[str, str] = {}


class Measured(NamedTuple):
    """One thing with a size; `counts` says whether it belongs to the median."""

    name: str
    size: float
    counts: bool = True


class Budget(NamedTuple):
    """A limit for each thing measured, and where there is one for their median."""

    title: str
    unit: str
    limit: float
    median_limit: int | None = None


def main() -> int:
    """Print the table and return the exit status."""
    if "--environment" in sys.argv[1:]:
        budgets = [(Budget("runtime environment", "MB", ENVIRONMENT_MEGABYTES), [runtime_environment()])]
    else:
        budgets = source_budgets()
    complaints = [line for budget, things in budgets for line in report(budget, things)]
    complaints += unused_exceptions(budgets)
    print(*complaints, sep="\n")
    return 1 if complaints else 0


def source_budgets() -> list[tuple[Budget, list[Measured]]]:
    files = sorted(path for room in PYTHON_ROOMS for path in (ROOT / room).rglob("*.py") if ".venv" not in path.parts)
    typescript = sorted(ROOT.glob(f"{TYPESCRIPT_ROOM}/*/**/*.ts*"))
    return [
        (Budget("Python file", "lines", FILE_LINES, FILE_MEDIAN), [measured_file(path) for path in files]),
        (
            Budget("function body", "lines", FUNCTION_LINES, FUNCTION_MEDIAN),
            [function for path in files for function in measured_functions(path)],
        ),
        (
            Budget("TypeScript file", "lines", TYPESCRIPT_LINES),
            [measured_file(path) for path in typescript if "node_modules" not in path.parts],
        ),
        *(
            (Budget(f"desk's {kind}, gzip", "kB", limit), [measured_load(kind)])
            for kind, limit in DESK_KILOBYTES.items()
        ),
        *(
            (Budget(f"widget's {name}", "kB gzip", limit), widget_files(name))
            for name, limit in WIDGET_KILOBYTES.items()
        ),
        (Budget("widget, opened", "kB gzip", WIDGET_OPENED_KILOBYTES), [widget_opened()]),
    ]


def widget_files(pattern: str) -> list[Measured]:
    """Give how much each file has as it is served."""
    return [Measured(short(file), served(file)) for file in sorted(WIDGET.glob(pattern))]


def widget_opened() -> Measured:
    """Give how much opening the chat costs: button, panel, the longest language, and what comes with them."""
    language = max(WIDGET.glob(LANGUAGE), key=served)
    files = fetched_with(WIDGET / "widget.js", *WIDGET.glob("panel-*.js"), language)
    return Measured(f"{short(WIDGET)}, {len(files)} files", sum(map(served, files)))


def fetched_with(*files: Path) -> set[Path]:
    """Give these files and those that a browser fetches with them, as they import them from the first."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [
                file.parent / name for name in re.findall(r'from ?"\./([^"]+)"', file.read_text(encoding="utf-8"))
            ]
    return found


def served(file: Path) -> float:
    return file.with_name(f"{file.name}.gz").stat().st_size / 1000


def measured_load(kind: str) -> Measured:
    """Give how much all the desk's files of a kind have, each compressed by itself."""
    files = sorted(DESK.glob(f"*.{kind}"))
    return Measured(short(DESK), sum(len(gzip.compress(file.read_bytes(), mtime=0)) for file in files) / 1000)


def measured_file(path: Path) -> Measured:
    lines = path.read_text(encoding="utf-8").count("\n")
    return Measured(short(path), lines, counts=not is_test(path) and path.name != "__init__.py")


def measured_functions(path: Path) -> Iterator[Measured]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (body := body_of(node)):
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
            yield Measured(f"{short(path)}::{node.name}", lines, counts=not is_test(path))


def body_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """The statements after the docstring; none for the `...` of a protocol."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    is_stub = len(body) == 1 and isinstance(body[0], ast.Expr) and ast.unparse(body[0]) == "..."
    return [] if is_stub else body


def is_test(path: Path) -> bool:
    return path.is_relative_to(ROOT / "tests")


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def report(budget: Budget, things: list[Measured]) -> list[str]:
    """Print the budget's rows and return a sentence for each breach."""
    largest = sorted(things, key=lambda thing: -thing.size)
    if not largest:
        return []
    print_row(budget.title, "largest", largest[0].size, budget, budget.limit, largest[0].name)
    complaints = [
        f"{thing.name} has {thing.size:.0f} {budget.unit}; a {budget.title} may have {budget.limit}."
        for thing in largest
        if thing.size > budget.limit and thing.name not in EXCEPTIONS
    ]
    return complaints[:SHOWN_PER_BUDGET] + median_complaints(budget, things)


def median_complaints(budget: Budget, things: list[Measured]) -> list[str]:
    sizes = [thing.size for thing in things if thing.counts]
    if budget.median_limit is None or not sizes:
        return []
    middle = median(sizes)
    print_row(budget.title, "median", middle, budget, budget.median_limit, f"of {len(sizes)}")
    if middle <= budget.median_limit:
        return []
    return [f"The median {budget.title} has {middle:.0f} {budget.unit}; it may have {budget.median_limit}."]


def print_row(title: str, what: str, size: float, budget: Budget, limit: float, where: str) -> None:
    places = 1 if limit < 31 else 0
    mark = "" if size <= limit or where in EXCEPTIONS else "  <- over"
    print(f"{title:<20} {what:<8} {size:>6.{places}f} of {limit:>4} {budget.unit:<6} {where}{mark}")


def unused_exceptions(budgets: Iterable[tuple[Budget, list[Measured]]]) -> list[str]:
    over = {thing.name for budget, things in budgets for thing in things if thing.size > budget.limit}
    return [f"{name} needs no exception any more: remove it." for name in EXCEPTIONS if name not in over]


def runtime_environment() -> Measured:
    """The files that the distributions of requirements.lock brought, without compiled caches."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = re.findall(r"^([\w.-]+)==\S+( ;)?", lock, flags=re.MULTILINE)
    found = [installed(name, optional=bool(marker)) for name, marker in names]
    size = sum(installed_bytes(each) for each in found if each)
    return Measured(f"{sum(map(bool, found))} packages", size / 1_000_000)


def installed(name: str, *, optional: bool) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        if optional:  # for another platform
            return None
        raise SystemExit(f"{name} of requirements.lock is not installed: run tools/setup.") from None


def installed_bytes(package: Distribution) -> int:
    paths = [Path(str(package.locate_file(file))) for file in package.files or [] if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.exists())


if __name__ == "__main__":
    sys.exit(main())
