"""Finds the relation of a dbt model in dbt's manifest.

Source: docs.getdbt.com/reference/artifacts/manifest-json and schemas.getdbt.com/dbt/manifest/v12.json: `nodes` by
    unique id, each with `resource_type`, `name`, `package_name`, `schema`, `alias` and `relation_name`, null if
    nothing is built; `version` and `latest_version` of a model that has versions.
    Doubt: that who names no version means the latest is what dbt's ref() does; no manifest of dbt's own was at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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


class Manifest:
    """What dbt has written of its models. The file is read once, when the first is looked for.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def relation_of(self, model: str) -> Relation:
        """Returns a model's relation. Raises: UsageError."""
        found = self._by_name.get(model, ())
        if len(found) > 1:
            found = [node for node in found if node.get("version") == node.get("latest_version") is not None] or found
        if not found:
            raise _unusable(f"{self._path} has no model {model!r}. Run dbt compile, or correct the name.")
        if len(found) > 1:
            names = ", ".join(sorted(names[-1] for node in found if (names := list(_names(node)))))
            raise _unusable(f"{self._path} has several models {model!r}: {names}. Name one of them so.")
        return _relation(found[0], model)

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for node in _nodes(_read(self._path)):
            for name in _names(node):
                found.setdefault(name, []).append(node)
        return found


def _names(node: Mapping[str, Any]) -> Iterator[str]:
    """Yields by what a model may be called, the most exact last."""
    version = node.get("version")
    for ending in ("",) if version is None else ("", f".v{version}"):
        yield f"{node['name']}{ending}"
        yield f"{node.get('package_name')}.{node['name']}{ending}"


def _relation(node: Mapping[str, Any], model: str) -> Relation:
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
            is_relation = isinstance(node, dict) and str(node.get("resource_type")) in _RELATIONS
            if is_relation and isinstance(node.get("name"), str):
                yield node


def _unusable(sentence: str) -> UsageError:
    return UsageError(Code.DBT_MODEL_UNUSABLE, sentence)
