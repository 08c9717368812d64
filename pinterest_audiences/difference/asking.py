"""Asks Pinterest, through the connector, which customer list the audience is made of: nothing is sent for that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.airbyte_messages import StreamDescription, complete_line, state_line
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import ConnectorProcess
from pinterest_audiences.failures import Failure, ended_silently
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.line_pipe import InterruptedByUserError, PipeClosedError
from pinterest_audiences.progress import Display
from pinterest_audiences.sync_request import SyncRequest


@dataclass(frozen=True, slots=True)
class Found:
    """What there is at Pinterest."""

    audience_id: str | None
    customer_list_id: str | None
    preview: Mapping[str, Any]


def look_up(
    request: SyncRequest,
    config: ConfigFile,
    overlay: Mapping[str, Any],
    stream: StreamDescription,
    *,
    display: Display,
    interruption: Interruption,
) -> Found | Failure:
    """Returns what there is at Pinterest, or why that can't be found out."""
    answers = ConnectorAnswers(display, lambda _: None, config.keep_credentials)
    with ConnectorProcess.running(
        request.destination,
        "preview",
        files={"config": config.overlaid(**overlay), "catalog": stream.catalog()},
        answers=answers,
        watcher=display,
        interruption=interruption,
        variables={**config.variables, **request.variables},
    ) as connector:
        with suppress(PipeClosedError, InterruptedByUserError):
            connector.pipe.write(state_line(stream.name, 1, {}, 0) + complete_line(stream.name, time.time()))
        connector.pipe.close()
        exit_code = connector.wait()
    if answers.failure is not None:
        return answers.failure
    if exit_code != 0 or answers.preview is None:
        return ended_silently(exit_code)
    (audience,) = answers.preview["audiences"]
    if audience["refusal"] is not None:
        refusal = audience["refusal"]
        return Failure.reported(refusal["error"], Code(refusal["error_code"]).failure_kind)
    return Found(audience["audience_id"], audience["customer_list_id"], answers.preview)
