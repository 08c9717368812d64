"""The build of the image, with the package index that this machine uses."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import docker
from docker.models.images import Image

from integration_tests.image.engine import base_image_name
from integration_tests.sandbox_process import ROOT

TAG = "airbyte/destination-pinterest:integration-tests"
# pip takes an index that is a missing folder for an empty one, so every build can be given it and must hold no trace.
CANARY_INDEX = "file:///canary-index-user:canary-index-password/simple"
INDEX_SETTINGS = ("index-url", "extra-index-url", "trusted-host")


@dataclass(frozen=True)
class Build:
    """What was built, on what, for how long, what the engine said meanwhile, and what pip was told."""

    image: Image
    base: Image
    duration_s: float
    log: str
    index_arguments: dict[str, str]


def build(client: docker.DockerClient, base: Image) -> Build:
    """Builds the image from this checkout.

    Raises:
        docker.errors.BuildError: a step failed; its output is in the message.
    """
    arguments = index_arguments()
    began = time.monotonic()
    image, steps = client.images.build(
        path=str(ROOT),
        tag=TAG,
        buildargs={"BASE_IMAGE": base_image_name(), **arguments},
        network_mode="host",
        rm=True,
        forcerm=True,
    )
    log = "".join(step.get("stream", "") for step in steps)
    return Build(image, base, time.monotonic() - began, log, arguments)


def build_target(client: docker.DockerClient, target: str) -> Image:
    """Builds another target of the same file: what the first build left in the engine's cache is not done again.

    Raises:
        docker.errors.BuildError: a step failed; its output is in the message.
    """
    image, _ = client.images.build(
        path=str(ROOT),
        tag=f"{TAG}-{target}",
        target=target,
        buildargs={"BASE_IMAGE": base_image_name(), **index_arguments()},
        network_mode="host",
        rm=True,
        forcerm=True,
    )
    return image


def index_arguments() -> dict[str, str]:
    """Where pip finds packages on this machine, as build arguments, without its folders: a build does not see them."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    # The environment's settings are listed last and win over those of files.
    told = {name: shlex.split(value)[0] for name, value in re.findall(r"^\S+?\.(\S+?)=(.*)$", listed, re.MULTILINE)}
    wanted = {name: _reachable(name, told[name].split()) for name in INDEX_SETTINGS if name in told}
    wanted["extra-index-url"] = [*wanted.get("extra-index-url", []), CANARY_INDEX]
    return {f"PIP_{name.upper().replace('-', '_')}": " ".join(values) for name, values in wanted.items() if values}


def _reachable(name: str, values: list[str]) -> list[str]:
    return values if name == "trusted-host" else [value for value in values if urlsplit(value).scheme != "file"]
