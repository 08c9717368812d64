"""The Docker engine that builds and runs the image, and the plain reason why these tests can't run where there is none.

Source: https://docs.docker.com/reference/cli/docker/#environment-variables (DOCKER_HOST; read 2026-11-22).
"""

from __future__ import annotations

import os
import re
import socket

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from integration_tests.sandbox_process import ROOT

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
# The engine says nothing while pip loads packages.
TIMEOUT_S = 540


class MissingError(Exception):
    """Something that these tests need and that is no fault of the image; the message says what."""


def engine_address() -> str:
    return os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS


def connect(address: str) -> docker.DockerClient:
    """A client of the engine at that address.

    Raises:
        MissingError: no engine answers there.
    """
    try:
        _knock(address)
        return docker.DockerClient(**{**docker.utils.kwargs_from_env(), "base_url": address}, timeout=TIMEOUT_S)
    except (OSError, DockerException, requests.RequestException) as error:
        raise MissingError(f"no Docker engine answers at {address} ({type(error).__name__})") from error


def _knock(address: str) -> None:
    """The SDK leaves its own socket open when nobody listens at the other end."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(10)
            knocking.connect(address.removeprefix("unix://"))


def base_image_name() -> str:
    """The base that the environment asks for, else the one that the Dockerfile builds on by itself."""
    (default,) = re.findall(r"^ARG BASE_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return os.environ.get("BASE_IMAGE") or default


def base_image(client: docker.DockerClient, name: str) -> docker.models.images.Image:
    """The base image, fetched where the engine does not hold it.

    Raises:
        NotFound: the registry answers that it has no such image, so the name is wrong.
        MissingError: the registry can't be asked.
    """
    try:
        return client.images.get(name)
    except ImageNotFound:
        pass
    try:
        return client.images.pull(name)
    except NotFound:
        raise
    except APIError as error:
        raise MissingError(
            f"the Docker engine at {client.api.base_url} can't fetch the base image {name} ({error.explanation}); "
            "BASE_IMAGE may name one that it holds"
        ) from error
