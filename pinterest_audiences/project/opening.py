"""Opens the project that a command is about, in whose folder all its relative paths begin."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.project.file_name import FILE_NAME
from pinterest_audiences.project.project import Project, read_project


def path_of(file: str) -> Path:
    """Returns the project file that is meant by a file or a folder."""
    path = Path(file).expanduser().resolve()
    return path / FILE_NAME if path.is_dir() else path


@contextmanager
def opened_project(arguments: argparse.Namespace) -> Iterator[Project]:
    """Reads the project, with its folder as the current one. Raises: UsageError."""
    path = path_of(arguments.file)
    if not path.parent.is_dir():
        raise UsageError(Code.PROJECT_NOT_FOUND, f"There is no folder {path.parent}. Name another file by --file.")
    with chdir(path.parent):
        yield read_project(path, os.environ)
