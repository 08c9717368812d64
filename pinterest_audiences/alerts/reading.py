"""Reads when to alert, and whom: from the section `alerts` of a YAML file; or the addresses from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, read_bytes
from pinterest_audiences.environment import expanded
from pinterest_audiences.failures import UsageError, missing_extra
from pinterest_audiences.sources.files import existing_file

if TYPE_CHECKING:  # It is a pydantic model, which a run without alerts need not load.
    from pinterest_audiences.alerts.settings import AlertSettings

ALERTS_VARIABLE: Final = "PINTEREST_AUDIENCES_ALERTS"
_SECTION: Final = "alerts"


def alert_settings(path: str | None, environment: Mapping[str, str]) -> AlertSettings | None:
    """Returns the settings of a file, else the usual ones with the environment's addresses; None if there are none.

    Raises: UsageError if the file can't be read, or says what is not a setting.
    """
    addresses = environment.get(ALERTS_VARIABLE, "").split()
    if path is None:
        return read_alerts({"notify": addresses}, {}, ALERTS_VARIABLE) if addresses else None
    file = existing_file(path)
    section = _section(file)
    return read_alerts(section if section.get("notify") else {**section, "notify": addresses}, environment, str(file))


def read_alerts(section: Any, environment: Mapping[str, str], where: str) -> AlertSettings:
    """Returns what the section says, with its variables. Raises: UsageError; what is quoted is never a value."""
    from pydantic import ValidationError  # noqa: PLC0415 - a run without alerts need not load it

    from pinterest_audiences.alerts.settings import AlertSettings  # noqa: PLC0415

    try:
        return AlertSettings.model_validate(expanded(section, environment, where))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, (_SECTION, *first["loc"])))
        message = first["msg"].removeprefix("Value error, ")
        raise UsageError(Code.ALERTS_UNUSABLE, f"{where}: {place}: {message}. Correct it.") from None


def _section(file: Path) -> dict[str, Any]:
    try:
        import yaml  # noqa: PLC0415 - only alerts need it here
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    try:
        content = yaml.safe_load(read_bytes(file, SMALL_BYTES))
    except (yaml.YAMLError, UnreadableDocumentError, UnicodeError, ValueError, RecursionError):
        raise UsageError(Code.ALERTS_UNUSABLE, f"{file} is not YAML or JSON that can be read. Correct it.") from None
    except OSError as error:
        raise UsageError(Code.ALERTS_UNUSABLE, f"{file} can't be read ({error.strerror}). Make it readable.") from None
    if not isinstance(content, dict) or not isinstance(content.get(_SECTION), dict):
        raise UsageError(Code.ALERTS_UNUSABLE, f"{file} has no section `alerts`. Add one, with `notify` in it.")
    section: dict[str, Any] = content[_SECTION]
    return section
