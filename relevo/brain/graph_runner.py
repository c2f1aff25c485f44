"""Runs Rasa's component graph one node after the other, by a plan made once for each target.

Rasa's own runner prunes, copies and schedules the graph anew for every call, and each node looks up its inputs by name;
with one message at a time there is nothing to schedule, and what is loaded can be called as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from rasa.engine.exceptions import GraphComponentException, GraphRunError
from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.exceptions import RasaException


class Step(msgspec.Struct, frozen=True):
    """One node of a plan."""

    name: str
    run: Callable[[dict[str, Any]], Any]
    """Takes the outputs so far."""


class SequentialGraphRunner(GraphRunner):
    """A Rasa graph runner for one message at a time; the same results as Rasa's own."""

    def __init__(
        self,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> None:
        self._schema = graph_schema
        self._plans: dict[tuple[str, ...], list[Step]] = {}
        self._nodes = {
            name: GraphNode.from_schema_node(name, node, model_storage, execution_context, hooks)
            for name, node in graph_schema.nodes.items()
        }

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> SequentialGraphRunner:
        """Make a runner, loading the components that are loaded eagerly."""
        return cls(graph_schema, model_storage, execution_context, hooks)

    @property
    def components(self) -> list[Any]:
        """The components that are loaded."""
        return [node._component for node in self._nodes.values() if node._component is not None]

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """Run what the targets need and give their outputs by name."""
        wanted = tuple(targets or self._schema.target_names)
        clash = next((name for name in inputs or () if name in self._nodes), None)
        if clash is not None:
            raise GraphRunError(f"The input '{clash}' has the name of a node in the graph.")
        outputs: dict[str, Any] = dict(inputs or {})
        for step in self._plans.get(wanted) or self._plan(wanted):
            outputs[step.name] = step.run(outputs)
        return {name: outputs[name] for name in wanted}

    def _plan(self, targets: tuple[str, ...]) -> list[Step]:
        order: dict[str, None] = {}
        for target in targets:
            self._visit(target, order)
        self._plans[targets] = [self._step(name, self._nodes[name]) for name in order]
        return self._plans[targets]

    def _visit(self, name: str, order: dict[str, None]) -> None:
        if name in order or name not in self._nodes:
            return
        for need in self._schema.nodes[name].needs.values():
            self._visit(need, order)
        order[name] = None

    def _step(self, name: str, node: GraphNode) -> Step:
        if node._component is None or not node._eager or node._hooks:
            return Step(name, partial(_called, node, tuple(self._schema.nodes[name].needs.values())))
        function = getattr(node._component, node._fn_name)
        return Step(name, partial(_called_at_once, name, function, tuple(node._inputs.items())))


def _called(node: GraphNode, needs: tuple[str, ...], outputs: dict[str, Any]) -> Any:
    """Call a node as Rasa does: it may load its component first, or have hooks."""
    return node(*((need, outputs[need]) if need in outputs else need for need in needs))[1]


def _called_at_once(
    name: str, function: Callable[..., Any], inputs: tuple[tuple[str, str], ...], outputs: dict[str, Any]
) -> Any:
    try:
        given = {parameter: outputs[provider] for parameter, provider in inputs}
    except KeyError as missing:
        raise GraphRunError(f"The node '{name}' lacks its input {missing}.") from missing
    try:
        return function(**given)
    except RasaException:
        raise
    except Exception as error:
        raise GraphComponentException(f"Error running graph component for node {name}.") from error
