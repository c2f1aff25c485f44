"""Runs Rasa's component graph one node after the other, by a plan made once for each target.

Rasa's own runner prunes, copies and schedules the graph anew for every call; with one message at a time there is
nothing to schedule.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage

Plan = list[tuple[str, GraphNode, tuple[str, ...]]]


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
        self._plans: dict[tuple[str, ...], Plan] = {}
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

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """Run what the targets need and give their outputs by name."""
        wanted = tuple(targets or self._schema.target_names)
        clash = next((name for name in inputs or {} if name in self._schema.nodes), None)
        if clash is not None:
            raise GraphRunError(f"The input '{clash}' has the name of a node in the graph.")
        outputs: dict[str, Any] = dict(inputs or {})
        for name, node, needs in self._plan(wanted):
            outputs[name] = node(*((need, outputs[need]) if need in outputs else need for need in needs))[1]
        return {name: outputs[name] for name in wanted}

    def _plan(self, targets: tuple[str, ...]) -> Plan:
        if targets not in self._plans:
            order: dict[str, None] = {}
            for target in targets:
                self._visit(target, order)
            self._plans[targets] = [
                (name, self._nodes[name], tuple(self._schema.nodes[name].needs.values())) for name in order
            ]
        return self._plans[targets]

    def _visit(self, name: str, order: dict[str, None]) -> None:
        if name in order or name not in self._nodes:
            return
        for need in self._schema.nodes[name].needs.values():
            self._visit(need, order)
        order[name] = None
