"""Finds the relation of a dbt model in dbt's manifest.

Source: docs.getdbt.com/reference/artifacts/manifest-json and schemas.getdbt.com/dbt/manifest/v12.json: `nodes` by
    unique id, each with `resource_type`, `name`, `package_name`, `schema`, `alias` and `relation_name`, null if
    nothing is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import UnreadableDocumentError, decode_object, read_bytes
from pinterest_audiences.failures import UsageError

# A manifest of thousands of models has some tens of megabytes.
_MOST_BYTES: Final = 500_000_000
_RELATIONS: Final = frozenset({"model", "seed", "snapshot", "source"})


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a model's rows are: `table` as a source takes it, and how the manifest names the whole."""

    table: str
    name: str


def relation_of(model: str, manifest: Path) -> Relation:
    """Returns a model's relation. Raises: UsageError."""
    nodes = list(_nodes(_read(manifest)))
    found = [node for node in nodes if model in {node.get("name"), f"{node.get('package_name')}.{node.get('name')}"}]
    if not found:
        raise _unusable(f"{manifest} has no model {model!r}. Run dbt compile, or correct the name.")
    if len(found) > 1:
        packages = ", ".join(sorted(f"{node.get('package_name')}.{node.get('name')}" for node in found))
        raise _unusable(f"{manifest} has several models {model!r}: {packages}. Name one of them so.")
    (node,) = found
    name, schema = node.get("alias") or node.get("identifier") or node.get("name"), node.get("schema")
    if not node.get("relation_name") or not isinstance(name, str):
        raise _unusable(f"The dbt model {model!r} is built into no table or view. Materialize it, or write a query.")
    return Relation(f"{schema}.{name}" if schema else name, str(node["relation_name"]))


def _read(manifest: Path) -> Mapping[str, Any]:
    try:
        return decode_object(read_bytes(manifest, _MOST_BYTES))
    except UnreadableDocumentError as error:
        raise _unusable(f"dbt's manifest {manifest} {error}. Run dbt compile.") from None
    except OSError as error:
        raise _unusable(
            f"dbt's manifest {manifest} can't be read: {error.strerror}. Run dbt compile, or correct dbt.manifest."
        ) from None


def _nodes(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for part in ("nodes", "sources"):
        nodes = manifest.get(part)
        for node in nodes.values() if isinstance(nodes, dict) else ():
            if isinstance(node, dict) and node.get("resource_type") in _RELATIONS:
                yield node


def _unusable(sentence: str) -> UsageError:
    return UsageError(Code.DBT_MODEL_UNUSABLE, sentence)
