"""What the document says of values: what each is, in a few words, and an example of it."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from portal.api.document import Operation, document

Schema = Mapping[str, object]


def described(operation: Operation) -> Schema:
    """An operation as the document describes it."""
    paths = cast("Mapping[str, Mapping[str, Schema]]", document()["paths"])
    return paths[operation.path][operation.method.lower()]


def parameters_of(operation: Operation) -> Sequence[Schema]:
    """The parameters an operation takes, wherever they stand."""
    return cast("Sequence[Schema]", described(operation).get("parameters", ()))


def body_of(operation: Operation) -> Schema | None:
    """The schema of what is sent, or None when nothing is."""
    body = cast("Mapping[str, Mapping[str, Mapping[str, Schema]]]", described(operation).get("requestBody", {}))
    return followed(body["content"]["application/json"]["schema"]) if body else None


def kind(schema: Schema) -> str:
    """What a value is, in a few words."""
    whole = whole_of(schema)
    if "enum" in whole:
        return "one of " + ", ".join(choices_of(schema))
    if "const" in whole:
        return str(whole["const"])
    if whole.get("type") == "array":
        return "list: " + kind(cast("Schema", whole["items"]))
    return str(whole.get("format") or whole.get("type", "object"))


def choices_of(schema: Schema) -> tuple[str, ...]:
    """The values to choose from, where only some will do."""
    whole = whole_of(schema)
    if "const" in whole:
        return (str(whole["const"]),)
    return tuple(str(one) for one in cast("Sequence[object]", whole.get("enum", ())))


def example_of(schema: Schema) -> str:
    """An example of what is sent, as JSON: the document's own, or one of what is needed."""
    given = cast("Sequence[object]", schema.get("examples", ()))
    return json.dumps(given[0] if given else _made(schema), indent=2, ensure_ascii=False)


def whole_of(schema: Schema) -> Schema:
    """A schema without its way to say that the value may be missing."""
    choices = [one for one in cast("Sequence[Schema]", schema.get("anyOf", ())) if one.get("type") != "null"]
    return followed(choices[0] if choices else schema)


def followed(schema: Schema) -> Schema:
    """The schema that a reference leads to."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    components = cast("Mapping[str, Mapping[str, Schema]]", document()["components"])
    return components["schemas"][str(reference).rpartition("/")[2]]


def _made(schema: Schema) -> object:
    whole = whole_of(schema)
    if choices := choices_of(whole):
        return choices[0]
    if whole.get("type") != "object":
        return "…"
    fields = cast("Mapping[str, Schema]", whole.get("properties", {}))
    return {name: _made(fields[name]) for name in cast("Sequence[str]", whole.get("required", ()))}
