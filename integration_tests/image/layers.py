"""What an image holds beyond its base, layer by layer: also what a later layer hides.

Source: https://github.com/moby/docker-image-spec/blob/main/spec.md (the archive of an image; read 2026-11-22).
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from docker.models.images import Image


@dataclass(frozen=True)
class LayerEntry:
    """A file, folder or link of a layer.

    `path` is absolute; `is_open` says that others than root may change it; `traces` are those of the texts looked for
    that its content holds.
    """

    path: str
    is_folder: bool
    is_open: bool
    traces: tuple[str, ...]


def layer_entries(image: Image, base: Image, folder: Path, traces: Sequence[str]) -> Iterator[LayerEntry]:
    """Everything in the layers that the base image does not have. `folder` takes the image's archive meanwhile."""
    archive = folder / "image.tar"
    with archive.open("wb") as file:
        file.writelines(image.save())
    try:
        with tarfile.open(archive) as outer:
            (manifest,) = json.load(_file(outer, "manifest.json"))
            for name in manifest["Layers"][len(base.attrs["RootFS"]["Layers"]) :]:
                with tarfile.open(fileobj=_file(outer, name)) as layer:
                    yield from (_entry(layer, member, traces) for member in layer)
    finally:
        archive.unlink()


def _entry(layer: tarfile.TarFile, member: tarfile.TarInfo, traces: Sequence[str]) -> LayerEntry:
    content = _file(layer, member.name).read() if member.isfile() else b""
    return LayerEntry(
        path=f"/{member.name}",
        is_folder=member.isdir(),
        is_open=not member.issym() and bool(member.uid or member.mode & 0o022),
        traces=tuple(trace for trace in traces if trace.encode() in content),
    )


def _file(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    content = archive.extractfile(name)
    assert content is not None
    return content
