"""An S3 storage of one's own: moto's server, spoken to over real HTTP, and a client that sees what is there."""

from __future__ import annotations

import json
from typing import Any

import boto3
import requests
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
ACCESS_KEY = "AKIDCANARYOFTHEBUCKET"
SECRET_KEY = "canary-secret-access-key"


class S3Server:
    """A server on a port of its own. It lets everybody in until `require_permission`."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        _, port = self._server.get_host_and_port()
        self.url = f"http://127.0.0.1:{port}"
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
        self._buckets = 0

    def new_bucket(self) -> str:
        self._buckets += 1
        name = f"bucket-{self._server.get_host_and_port()[1]}-{self._buckets}"
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def access(self, bucket: str, **changes: Any) -> dict[str, Any]:
        """The settings by which the connector gets at it."""
        return {
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
            "s3_bucket_name": bucket,
            "s3_bucket_region": REGION,
            "s3_endpoint": self.url,
            "bucket_path": "connections/pinterest",
            **changes,
        }

    def content(self, bucket: str) -> dict[str, bytes]:
        """Every object, by its key."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {key: self.client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def rows(self, bucket: str) -> list[dict[str, Any]]:
        """Every line of every object, as the JSON that it is."""
        return [json.loads(line) for body in self.content(bucket).values() for line in body.splitlines()]

    def delete_bucket(self, bucket: str) -> None:
        for key in self.content(bucket):
            self.client.delete_object(Bucket=bucket, Key=key)
        self.client.delete_bucket(Bucket=bucket)

    def require_permission(self) -> None:
        """From the next request on, nobody is let in."""
        self._allow(0)

    def let_everybody_in(self) -> None:
        self._allow(10**9)

    def stop(self) -> None:
        self._server.stop()

    def _allow(self, requests_without_permission: int) -> None:
        reply = requests.post(f"{self.url}/moto-api/reset-auth", data=str(requests_without_permission), timeout=10)
        reply.raise_for_status()
