"""Requests made up from an OpenAPI document: mostly such as it describes, now and then anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

TEXT = st.text(max_size=40)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
_MOMENTS = st.datetimes().map(lambda at: f"{at.isoformat()}Z")
_OF_FORMAT = {"uuid": st.uuids().map(str), "date-time": _MOMENTS, "date": st.dates().map(str)}


@dataclass(kw_only=True)
class Fuzzer:
    """Makes requests up, and holds their answers against what is described."""

    document: Mapping[str, Any]
    known: Mapping[str, tuple[str, ...]]
    """For variables, fields and parameters: values that lead to something."""
    left_out: frozenset[str] = frozenset()
    _validators: dict[tuple[str, str, str], Draft202012Validator] = field(default_factory=dict)

    def requests(self) -> st.SearchStrategy[dict[str, Any]]:
        """Give requests to every operation that is described."""
        operations = [
            (path, method, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if operation["operationId"] not in self.left_out
        ]
        return st.sampled_from(operations).flatmap(lambda found: self._request(*found))

    def demand(self, request: Mapping[str, Any], answer: httpx.Response) -> None:
        """Demand that an answer is none of a failure, and is one that is described."""
        about = f"{request['method']} {request['path']} {request['query']} {request['body']}: {answer.text[:300]}"
        assert answer.status_code < 500, about
        operation = self.document["paths"][request["template"]][request["method"].lower()]
        described = operation["responses"].get(str(answer.status_code))
        assert described is not None, f"{answer.status_code} is not described: {about}"
        if "$ref" in described:
            described = self.document["components"]["responses"][str(answer.status_code)]
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in described["content"], f"{kind}: {about}"
        if kind.endswith("json"):
            schema = described["content"][kind]["schema"]
            key = (request["template"], request["method"], str(answer.status_code))
            whole = {**schema, "components": self.document["components"]}
            self._validators.setdefault(key, Draft202012Validator(whole)).validate(answer.json())

    def _request(self, template: str, method: str, operation: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
        by_place: dict[str, dict[str, st.SearchStrategy[Any]]] = {"path": {}, "query": {}, "header": {}}
        for parameter in operation["parameters"]:
            by_place[parameter["in"]][parameter["name"]] = self._of(parameter["schema"], parameter["name"])
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        body = self._mostly(self._of(content["schema"], "")) if content else st.none()
        return st.builds(
            lambda path, query, body, key: {
                "template": template,
                "method": method.upper(),
                "path": _filled(template, path),
                "query": {name: str(value) for name, value in query.items()},
                "body": body,
                "headers": {"Idempotency-Key": key} if key and method == "post" else {},
            },
            st.fixed_dictionaries(by_place["path"]),
            st.fixed_dictionaries({}, optional={n: v | TEXT for n, v in by_place["query"].items()}),
            body,
            st.none() | st.sampled_from(["one", "two"]),
        )

    def _of(self, schema: Mapping[str, Any], name: str) -> st.SearchStrategy[Any]:
        if name in self.known:
            return st.sampled_from(self.known[name]) | self._plain(schema)
        return self._plain(schema)

    def _plain(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one for each kind
        if "$ref" in schema:
            return self._plain(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            return st.one_of([self._plain(choice) for choice in schema["anyOf"]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return st.lists(self._plain(schema.get("items", {})), min_size=schema.get("minItems", 0), max_size=4)
        if kind == "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        if kind == "string":
            return self._string(schema)
        return {"boolean": st.booleans(), "null": st.none()}.get(str(kind), ANYTHING)

    def _object(self, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
        fields = {name: self._of(inner, name) for name, inner in schema.get("properties", {}).items()}
        required = set(schema.get("required", ()))
        if not fields:
            return st.dictionaries(TEXT, ANYTHING, max_size=3)
        return st.fixed_dictionaries(
            {name: made for name, made in fields.items() if name in required},
            optional={name: made for name, made in fields.items() if name not in required},
        )

    def _string(self, schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
        if "format" in schema:
            return _OF_FORMAT.get(schema["format"], TEXT)
        if "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=True).filter(lambda made: len(made) < 60)
        return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 60), 60))

    def _mostly(self, made: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.integers(0, 9).flatmap(lambda dice: ANYTHING if dice == 0 else made)


def _filled(template: str, variables: Mapping[str, Any]) -> str:
    for name, value in variables.items():
        template = template.replace(f"{{{name}}}", quote(str(value), safe="") or "%00")
    return template
