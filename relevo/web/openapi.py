"""Describes an API in OpenAPI 3.1, out of the table that opens its doors and the types that it reads and writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from relevo.domain.roles import EVERYBODY, WORKERS

VERSION = "3.1.0"
Refs = dict[Any, Mapping[str, Any]]
"""How each type is referred to."""
REFUSALS: Mapping[int, str] = {
    400: "The request is malformed; the sentence says what to send.",
    401: "Nobody is signed in, or the session has ended.",
    403: "This role or token may not do this, or the form token is missing.",
    404: "There is no such thing.",
    409: "It makes no sense now: somebody was quicker, or it was decided already. Look again.",
    410: "It was done; what was answered has been erased with a person.",
    413: "Longer than is kept.",
    415: "Files of this kind are not taken.",
    429: "Too often; Retry-After says when to try again.",
    503: "The database is not reachable; nothing was done, so send it again.",
}


_ONCE: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same body is carried out once, and answered the same for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}


_CHANGES = frozenset({"POST", "PUT"})


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a query string."""

    name: str
    about: str
    schema: Mapping[str, Any]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method at one address."""

    method: str
    path: str
    """Below the API's prefix, variables in braces; ``…conversation_id`` and ``…contact_id`` are UUIDs."""
    name: str
    about: str
    handler: Callable[..., Any]
    answer: Any = None
    """The type that is answered; None where it is no JSON of ours."""
    answer_type: str = "application/json"
    body: Any = None
    query: Sequence[Query] = ()
    is_public: bool = False
    refuses: Sequence[int] = ()
    """Statuses beside those that its kind has anyway."""
    takes_file: bool = False
    """Whether the body is a file; such a door reads it itself."""
    who: frozenset[str] | None = None
    """Roles that may; None: everybody may look, and whoever works with contacts may change."""
    is_for_people: bool = False
    """Whether no token may: what would let a token outlive itself, or speaks of somebody at a desk."""
    shows_secret: bool = False
    """Whether it answers what is shown once: such an answer is kept for no key."""
    is_audited: bool = True
    """Whether a change is written into the audit log, and what all desks show is read again."""

    @property
    def changes(self) -> bool:
        """Whether it changes something, and so needs the form token."""
        return self.method in _CHANGES

    @property
    def roles(self) -> frozenset[str]:
        """Which roles may."""
        if self.who is not None:
            return self.who
        return WORKERS if self.changes else EVERYBODY


def reading(path: str, name: str, about: str, handler: Callable[..., Any], answer: Any, **rest: Any) -> Operation:
    """Describe a door that reads; ``rest`` is of Operation."""
    return Operation(method="GET", path=path, name=name, about=about, handler=handler, answer=answer, **rest)


def changing(
    path: str, name: str, about: str, handler: Callable[..., Any], body: Any, answer: Any, **rest: Any
) -> Operation:
    """Describe a door that changes something; ``rest`` is of Operation."""
    shown = {"name": name, "about": about, "body": body, "answer": answer}
    return Operation(method="POST", path=path, handler=handler, **shown, **rest)


def putting(
    path: str, name: str, about: str, handler: Callable[..., Any], body: Any, answer: Any, **rest: Any
) -> Operation:
    """Describe a door that puts something in the place of what is there; ``rest`` is of Operation."""
    shown = {"name": name, "about": about, "body": body, "answer": answer}
    return Operation(method="PUT", path=path, handler=handler, **shown, **rest)


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """What is described."""

    title: str
    version: str
    about: str
    prefix: str
    refusal: Any
    operations: Sequence[Operation] = msgspec.field(default=())


def sanic_path(path: str) -> str:
    """Give a path as Sanic's router writes it."""
    return re.sub(r"\{(\w+)\}", lambda found: f"<{found[1]}:{'uuid' if _is_uuid(found[1]) else 'str'}>", path)


def describe(api: Api) -> dict[str, Any]:
    """Give the OpenAPI document."""
    types = [kind for operation in api.operations for kind in (operation.answer, operation.body) if kind is not None]
    kinds = [*types, api.refusal]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    refs: Refs = dict(zip(kinds, schemas, strict=True))  # kinds of one name are told apart by msgspec
    paths: dict[str, dict[str, Any]] = {}
    for operation in api.operations:
        paths.setdefault(f"{api.prefix}{operation.path}", {})[operation.method.lower()] = _operation(operation, refs)
    return {
        "openapi": VERSION,
        "info": {"title": api.title, "version": api.version, "description": api.about},
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {str(status): _refusal(refs[api.refusal], status) for status in REFUSALS},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "relevo_desk"},
                "form_token": {"type": "apiKey", "in": "header", "name": "X-Form-Token"},
                "token": {"type": "http", "scheme": "bearer", "description": "rlv_…, made at /desk/admin."},
            },
        },
    }


def _operation(operation: Operation, refs: Refs) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.about,
        "parameters": _parameters(operation),
        "responses": {"200": _answer(operation, refs), **_refusals(operation)},
        "security": _security(operation),
    }
    if not operation.is_public:
        described["x-roles"] = sorted(operation.roles)
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": refs[operation.body]}}}
    if operation.takes_file:
        file = {"schema": {"type": "string", "format": "binary"}}
        described["requestBody"] = {"required": True, "content": {"application/octet-stream": file}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    variables = map(_variable, re.findall(r"\{(\w+)\}", operation.path))
    is_kept = operation.changes and not operation.is_public and not operation.shows_secret
    once = [_ONCE] if is_kept else []
    return [*variables, *map(_query, operation.query), *once]


def _variable(name: str) -> dict[str, Any]:
    schema = {"type": "string", "format": "uuid"} if _is_uuid(name) else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(query: Query) -> dict[str, Any]:
    return {"name": query.name, "in": "query", "description": query.about, "schema": dict(query.schema)}


def _answer(operation: Operation, refs: Refs) -> dict[str, Any]:
    schema = refs[operation.answer] if operation.answer is not None else {}
    return {"description": operation.about, "content": {operation.answer_type: {"schema": schema}}}


def _refusals(operation: Operation) -> dict[str, Any]:
    statuses = {503} if operation.is_public else {401, 403, 429, 503}
    statuses |= {400, 403, 404, 409, 410, 413} if operation.changes else set()
    statuses |= {400} if operation.query else set()
    statuses |= set(operation.refuses)
    statuses |= {415} if operation.takes_file else set()
    statuses |= {404} if "{" in operation.path else set()
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}


def _refusal(schema: Mapping[str, Any], status: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": REFUSALS[status],
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status == 429:
        told["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    return told


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.is_public:
        return []
    page: dict[str, list[str]] = {"session": [], "form_token": []} if operation.changes else {"session": []}
    return [page] if operation.is_for_people else [page, {"token": []}]


def _is_uuid(name: str) -> bool:
    return name.endswith(("conversation_id", "contact_id"))
