"""Opens the project that a command is about, in whose folder all its relative paths begin."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.project.file_name import path_of
from pinterest_audiences.project.project import Project, read_project


@contextmanager
def opened_project(arguments: argparse.Namespace) -> Iterator[Project]:
    """Reads the project, with its folder as the current one. Raises: UsageError."""
    path = path_of(arguments.file)
    if not path.parent.is_dir():
        raise UsageError(Code.PROJECT_NOT_FOUND, f"There is no folder {path.parent}. Name another file by --file.")
    with chdir(path.parent):
        yield read_project(path, os.environ)
