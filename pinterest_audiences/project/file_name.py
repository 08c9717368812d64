"""What a project file is called."""

from pathlib import Path
from typing import Final

FILE_NAME: Final = "audiences.yml"


def path_of(file: str) -> Path:
    """Returns the project file that is meant by a file or a folder."""
    path = Path(file).expanduser().resolve()
    return path / FILE_NAME if path.is_dir() else path
