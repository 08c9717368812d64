"""What a project file is called."""

from typing import Final

FILE_NAME: Final = "audiences.yml"
