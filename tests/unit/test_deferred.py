"""What is deferred runs when it is used, as if it were imported then; what is left out says so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from relevo.deferred import deferring, leaving_out
from relevo.errors import ConfigurationError

HEAVY = {
    "__init__.py": "from heavy.parts import Part\nran = True\nclass Trouble(Exception): pass\n",
    "parts.py": "import heavy\nclass Part:\n    kind = 'real'\n    def __init__(self, size=1): self.size = size\n",
}
NAMING = """
import heavy.parts
from heavy import Part, Trouble
def make(): return Part(size=3)
def kind(): return Part.kind
def is_part(value): return isinstance(value, Part)
def caught():
    try: raise KeyError("other")
    except Trouble: return "wrong"
    except KeyError: return "right"
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of modules that are imported in one test alone."""
    (tmp_path / "heavy").mkdir()
    for name, text in HEAVY.items():
        (tmp_path / "heavy" / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in {"heavy", "naming"}]:
        del sys.modules[name]


def named(folder: Path, text: str = NAMING) -> Any:
    """Import a module of this text, with the heavy package deferred."""
    (folder / "naming.py").write_text(text)
    with deferring({"heavy"}):
        return import_module("naming")


def has_run(name: str) -> bool:
    """Tell whether a module has run."""
    return "__builtins__" in vars(sys.modules[name])


def test_naming_runs_nothing(modules: Path) -> None:
    """Neither the package nor its module runs, and an except clause that names it lets other errors pass."""
    naming = named(modules)
    assert not naming.is_part("text")
    assert naming.caught() == "right"
    assert not has_run("heavy")
    assert not has_run("heavy.parts")


@pytest.mark.parametrize("use", ["make", "kind"])
def test_the_first_use_runs_it_and_puts_the_real_thing_in_place(modules: Path, use: str) -> None:
    """A call or an attribute: afterwards the module that named it holds what it would have held at first."""
    naming = named(modules)
    assert getattr(naming.make(), "size", None) == 3 if use == "make" else naming.kind() == "real"
    from heavy import Part, Trouble  # type: ignore[import-not-found]

    assert (naming.Part, naming.Trouble) == (Part, Trouble)
    assert naming.is_part(Part())


def test_a_class_made_of_it_is_made_of_the_real_one(modules: Path) -> None:
    """Inheriting is use: the package runs at once, and what comes of it is an ordinary class."""
    naming = named(
        modules,
        "from heavy import Part\nclass Mine(Part):\n    def __init__(self): super().__init__(7)\n",
    )
    assert naming.Mine().size == 7
    assert type(naming.Mine) is type
    assert has_run("heavy")


def test_whoever_imports_it_afterwards_has_an_ordinary_module(modules: Path) -> None:
    """An attribute of the package, and a module in it that was named before: both run, the package first."""
    named(modules)
    from heavy.parts import Part  # type: ignore[import-not-found]

    assert Part.kind == "real"
    assert sys.modules["heavy"].ran
    assert type(sys.modules["heavy"]) is type(sys)


def test_one_that_cannot_run_says_so_to_everybody(modules: Path) -> None:
    """It fails with its own error, each time it is used."""
    (modules / "heavy" / "__init__.py").write_text("import not_there_at_all\n")
    naming = named(modules, "import heavy\n")
    for _ in range(2):
        with pytest.raises(ImportError, match="not_there_at_all"):
            naming.heavy.ran  # noqa: B018 - the look is the use


def test_what_is_left_out_may_be_named_inherited_from_and_caught_and_says_so_when_it_is_called(modules: Path) -> None:
    """Using it is a sentence with the reason; imported after the block it is the real one."""
    with leaving_out({"heavy"}, "Install it."):
        (modules / "naming.py").write_text(f"{NAMING}class Mine(Part): pass\n")
        naming = import_module("naming")
    assert naming.caught() == "right"
    for use in (naming.make, naming.Mine):
        with pytest.raises(ConfigurationError, match=r"Install it\.$"):
            use()
    assert import_module("heavy").ran
