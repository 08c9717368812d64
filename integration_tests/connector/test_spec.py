from __future__ import annotations

import json
import re
import sys

from integration_tests.airbyte_messages import config, record, state, stream
from integration_tests.connector_process import Connectors
from integration_tests.sandbox_process import ROOT, RunningSandbox

SECRET = "pina_canary_of_a_broken_config"


def test_spec_prints_one_message_which_is_the_connector_spec_of_the_repository(connector: Connectors) -> None:
    outcome = connector.start("spec").finish().succeeded()
    (line,) = outcome.lines
    declared = json.loads((ROOT / "source_spec" / "connector_spec.json").read_text())
    assert line.message == {"type": "SPEC", "spec": declared}


def test_a_config_file_that_can_not_be_read_is_a_config_error_that_does_not_quote_it(connector: Connectors) -> None:
    contents = (f'{{"access_token": "{SECRET}"', f'["{SECRET}"]')
    for check in [connector.start("check", "--config", connector.given(content)) for content in contents]:
        outcome = check.finish()
        assert outcome.error["failure_type"] == "config_error"
        assert "does not hold a JSON object" in outcome.error["message"]
        assert SECRET not in str(outcome)


def test_a_catalog_that_is_none_fails_the_sync_before_anything_is_sent(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    settings = connector.given(config(connector.api_base_url))
    catalog = connector.given({"streams": [{"name": "customers"}]})
    outcome = connector.start("write", "--config", settings, "--catalog", catalog).finish()
    assert "ConfiguredAirbyteCatalog" in outcome.error["message"]
    assert sandbox.seen() == []


def test_the_connector_never_imports_the_sandbox(connector: Connectors, sandbox: RunningSandbox) -> None:
    arguments = connector.write_arguments(stream("customers"))
    program = (sys.executable, "-X", "importtime", "-m", "destination_pinterest")
    sync = connector.start(*arguments, program=program)
    sync.feed(record("customers", email="a@example.com"), state(1, "customers"))
    outcome = sync.finish(stderr=None).succeeded()
    assert outcome.state_ids == [1]
    imported = {found[1].decode() for found in re.finditer(rb"^import time:.*\| +([\w.]+)$", outcome.stderr, re.M)}
    assert "destination_pinterest.delivery.writer" in imported
    assert [name for name in imported if name.partition(".")[0] == "pinterest_sandbox"] == []
