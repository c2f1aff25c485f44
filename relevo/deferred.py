"""Has heavy modules run when they are used, not where they are named; using one that is left out is a sentence.

    with deferring({"scipy", "requests"}):
        import rasa.core.processor

Within the block a module of these is made and not run, and what is taken from it is a stand-in. The first use of
either runs the module, as importing it would have, and puts the real things in the place of the stand-ins. Whatever is
called or inherited from within the block runs there; what it imports in turn is not deferred.

What is left out has nothing but stand-ins. They may be named, inherited from and caught; called, they say what to do.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from threading import RLock
from types import ModuleType, new_class
from typing import Any

from relevo.errors import ConfigurationError

_ASKED_FOR = frozenset({"__all__", "__version__"})
"""Of such names, those that a module runs for; the others (``__wrapped__``) are looked for in every module."""


@contextmanager
def deferring(names: Collection[str]) -> Iterator[None]:
    """Defer what this block imports of these: a whole package (``scipy``), or one module of a package (``a.b``)."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    before, _finder.names = _finder.names, frozenset(names)
    try:
        yield
    finally:
        _finder.names = before


def leave_out(roots: Collection[str], reason: str) -> None:
    """Leave packages out of whatever is imported from now on; the reason is a sentence that says what to do."""
    sys.meta_path.insert(0, _LeavingOut(roots, reason))


@contextmanager
def leaving_out(roots: Collection[str], reason: str) -> Iterator[None]:
    """Leave packages out of what this block imports, unless they are there already."""
    finder = _LeavingOut(set(roots) - {name.partition(".")[0] for name in sys.modules}, reason)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if getattr(module, "__loader__", None) is finder]:
            del sys.modules[name]


class _StandIn(ABCMeta):
    """Type of stand-ins: classes, since classes are made of them, and exceptions, since they are caught."""

    module_: ModuleType
    """What it was taken from."""

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **options: Any) -> Any:
        real = tuple(_real(base) if _is_deferred(base) else base for base in bases)
        if real != bases:
            return new_class(name, real, options, lambda made: made.update(body))
        return super().__new__(mcs, name, bases, body, **options)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if _is_deferred(cls) and not _finder.is_naming:
            return getattr(_real(cls), name)
        return _stand_in(cls.module_, f"{cls.__qualname__}.{name}")

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        if _is_deferred(cls):
            return _real(cls)(*arguments, **options)
        if len(arguments) == 1 and callable(arguments[0]) and not options:
            return arguments[0]  # a bare decorator, met while modules are imported
        if _finder.is_naming:
            return _stand_in(cls.module_, f"{cls.__qualname__}()")
        raise ConfigurationError(f"{cls._module___}.{cls.__qualname__} cannot be used here. {cls.module_.__doc__}")

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _real(cls)) if _has_run(cls) else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _real(cls)) if _has_run(cls) else super().__subclasscheck__(subclass)


@cache
def _stand_in(module: ModuleType, path: str) -> Any:
    body = {"_module___": module.__name__, "__qualname__": path, "module_": module}
    return _StandIn(path.rpartition(".")[2], (Exception,), body)


def _is_deferred(cls: Any) -> bool:
    return type(cls) is _StandIn and not isinstance(cls.module_, _LeftOut)


def _has_run(cls: _StandIn) -> bool:
    return _is_deferred(cls) and type(cls.module_) is not _Deferred


def _real(stand_in: Any) -> Any:
    """Give what a stand-in stands for."""
    module = stand_in.module_
    if type(module) is _Deferred:
        _finder.run(module)
    found = sys.modules[module.__name__]
    for name in stand_in.__qualname__.split("."):
        found = getattr(found, name) if hasattr(found, name) else import_module(f"{found.__name__}.{name}")
    return found


class _LeftOut(ModuleType):
    """A module that is left out; its docstring is the reason."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(self, name)


class _LeavingOut(MetaPathFinder, Loader):
    """Finds modules that are left out."""

    def __init__(self, roots: Collection[str], reason: str) -> None:
        self._roots = frozenset(roots)
        self._reason = reason

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module that is left out."""
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in self._roots else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        return _LeftOut(spec.name, self._reason)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: there is nothing in it."""


class _Deferred(ModuleType):
    """A module that has not run."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and (name not in _ASKED_FOR or _finder.is_naming):
            raise AttributeError(name)
        if _finder.is_naming:
            _finder.takers[self.__name__].add(sys._getframe(1).f_globals["__name__"])  # noqa: SLF001 - who takes it
            return _stand_in(self, name)
        _finder.run(self)
        return getattr(sys.modules[self.__name__], name)


class _Deferring(MetaPathFinder, Loader):
    """Finds modules that are deferred, and runs them when they are used."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self.takers: defaultdict[str, set[str]] = defaultdict(set)
        """Modules that took stand-ins, by the name of the module that they took them from."""
        self._running = 0
        self._lock = RLock()

    @property
    def is_naming(self) -> bool:
        """Whether what is imported now is only named."""
        return bool(self.names) and not self._running

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module that is to be deferred; for any other, run the deferred packages that it is in."""
        if not self.is_naming:
            self._run_above(name)
        elif name in self.names or name.partition(".")[0] in self.names:
            spec = PathFinder.find_spec(name, path)
            if spec is not None and isinstance(spec.loader, SourceFileLoader):
                spec.loader_state, spec.loader = spec.loader, self
                return spec
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module."""
        return _Deferred(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it at that."""

    def run(self, module: ModuleType) -> None:
        """Run a module, after the packages that it is in, and give what is real to all that took stand-ins."""
        with self._lock:
            self._running += 1
            try:
                self._run_above(module.__name__)
                if type(module) is _Deferred:
                    _run(module)
            finally:
                self._running -= 1
        for taker in self.takers.pop(module.__name__, ()):
            _give(vars(sys.modules.get(taker, module)), module)

    def _run_above(self, name: str) -> None:
        parent = sys.modules.get(name.rpartition(".")[0])
        if type(parent) is _Deferred:
            self.run(parent)


def _run(module: ModuleType) -> None:
    spec = module.__spec__
    assert spec is not None
    module.__class__ = ModuleType
    spec.loader = module.__loader__ = spec.loader_state
    try:
        spec.loader_state.exec_module(module)
    except BaseException:
        module.__class__ = _Deferred  # whoever comes next hears why it cannot be imported, too
        spec.loader_state, spec.loader = spec.loader, _finder
        raise


def _give(names: dict[str, Any], module: ModuleType) -> None:
    for name, value in list(names.items()):
        if type(value) is _StandIn and value.module_ is module:
            with suppress(ImportError, AttributeError):  # never asked for, and not there
                names[name] = _real(value)


_finder = _Deferring()
