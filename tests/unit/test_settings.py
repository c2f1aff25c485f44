"""Settings: read from the environment, all mistakes at once, secrets shown to nobody."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from relevo import settings as settings_module
from relevo.bootstrap.everything import Settings, read_settings
from relevo.errors import ConfigurationError
from relevo.settings import Secret, effective, load, variable_of
from relevo.web import settings as web_settings_module


@dataclass(frozen=True, kw_only=True)
class Inner:
    pause_seconds: float = 2.0
    names: tuple[str, ...] = ()
    key: Secret | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    folder: Path = Path()
    is_on: bool = False
    count: int = field(default=3, metadata={"least": 1, "most": 9})


def test_what_is_not_set_has_its_default() -> None:
    """An empty environment, and a variable that is set to nothing, give the defaults."""
    assert load(Outer, {"RELEVO_COUNT": " "}) == Outer()


def test_every_kind_of_value_is_read() -> None:
    """Numbers, switches, lists, paths and secrets come from their variables."""
    environment = {
        "RELEVO_PAUSE_SECONDS": "0.5",
        "RELEVO_NAMES": "a, b,",
        "RELEVO_KEY": "k",
        "RELEVO_FOLDER": "/tmp",
        "RELEVO_IS_ON": "Yes",
        "RELEVO_COUNT": "9",
    }
    inner = Inner(pause_seconds=0.5, names=("a", "b"), key=Secret("k"))
    assert load(Outer, environment) == Outer(inner=inner, folder=Path("/tmp"), is_on=True, count=9)


def test_all_mistakes_are_told_at_once_and_no_value_is_repeated() -> None:
    """One start shows every mistake; a mistyped variable is recognised; what was written may be a secret."""
    environment = {
        "RELEVO_PAUSE_SECONDS": "0",
        "RELEVO_IS_ON": "hunter2",
        "RELEVO_COUNT": "10",
        "RELEVO_FOLDR": "/tmp",
        "RELEVO_SERVICE_HOST": "10.0.0.1",
    }
    with pytest.raises(ConfigurationError) as raised:
        load(Outer, environment)
    assert set(str(raised.value).splitlines()) == {
        "RELEVO_IS_ON must be true or false.",
        "RELEVO_COUNT must be between 1 and 9.",
        "RELEVO_PAUSE_SECONDS must be more than 0 seconds.",
        "RELEVO_FOLDR is no setting; did you mean RELEVO_FOLDER?",
    }


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "1e999", "ten"])
def test_a_number_is_a_finite_number(text: str) -> None:
    """What Python would take for a number, and no duration is, is refused."""
    with pytest.raises(ConfigurationError, match="RELEVO_PAUSE_SECONDS must be"):
        load(Outer, {"RELEVO_PAUSE_SECONDS": text})


def test_a_secret_prints_as_dots() -> None:
    """No way of printing settings shows a secret."""
    read = load(Outer, {"RELEVO_KEY": "hunter2", "RELEVO_TOKEN": "hunter2"})
    shown = f"{read} {read!r} {read.inner.key} {list(effective(read))}"
    assert read.inner.key is not None
    assert (read.inner.key.reveal(), read.inner.token) == ("hunter2", "hunter2")
    assert "hunter2" not in shown


def test_every_setting_has_a_variable_of_its_own_and_says_why_it_is_as_it_is() -> None:
    """Each field is followed by its docstring, and no two are set by the same variable."""
    read_settings({})
    documented = _documented(settings_module) | _documented(web_settings_module)
    variables = [(variable_of(found), name) for found, name in _all_fields(Settings)]
    assert len({variable for variable, _ in variables}) == len(variables)
    assert [name for _, name in variables if name not in documented] == []


def _all_fields(kind: Any) -> list[tuple[Any, str]]:
    found = []
    for one in fields(kind):
        default = one.default_factory() if callable(one.default_factory) else None
        if is_dataclass(default):
            found += _all_fields(type(default))
        else:
            found.append((one, f"{kind.__name__}.{one.name}"))
    return found


def _documented(module: Any) -> set[str]:
    classes = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.ClassDef)]
    return {
        f"{node.name}.{this.target.id}"
        for node in classes
        for this, following in zip(node.body, node.body[1:], strict=False)
        if isinstance(this, ast.AnnAssign)
        and isinstance(this.target, ast.Name)
        and isinstance(following, ast.Expr)
        and isinstance(following.value, ast.Constant)
    }
