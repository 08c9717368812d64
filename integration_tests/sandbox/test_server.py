from __future__ import annotations

import hashlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

ROOT = Path(__file__).parents[2]
LISTS = "/v5/ad_accounts/549755885175/customer_lists"


def digests(start: int, count: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(start, start + count)]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told_to_even_with_a_connection_open(sandbox: Any, how: signal.Signals) -> None:
    assert sandbox.call("GET", "/v5/ad_accounts").status_code == 200
    sandbox.process.send_signal(how)
    rest, errors = sandbox.process.communicate(timeout=10)
    assert (sandbox.process.returncode, errors) == (0, "")
    assert "Traceback" not in rest


def test_it_stops_within_seconds_even_while_a_request_waits_for_a_minute(run: Callable[..., Any]) -> None:
    slow = run("--latency-ms", "60000")
    answered: list[int] = []
    asker = threading.Thread(target=lambda: answered.append(slow.call("GET", "/v5/ad_accounts").status_code))
    asker.start()
    time.sleep(0.5)
    slow.process.terminate()
    _, errors = slow.process.communicate(timeout=10)
    asker.join()
    assert (slow.process.returncode, errors, answered) == (0, "", [200])


def test_quiet_prints_the_one_line_only(run: Callable[..., Any]) -> None:
    quiet = run("--quiet")
    quiet.process.terminate()
    assert quiet.process.communicate(timeout=10) == ("", "")


def test_a_profile_is_named_where_it_starts_and_its_answers_are_given(run: Callable[..., Any]) -> None:
    pessimist = run("--profile", "pessimist", "--tier", "none")
    made = pessimist.call("POST", LISTS, {"name": "VIP  Customers", "records": "a@example.com"})
    assert (made.status_code, made.json()["name"]) == (201, "vip customers")
    assert "refresh token" in pessimist.process.stdout.readline()
    assert "profile pessimist; tier none; " in pessimist.process.stdout.readline()


def start_and_fail(*options: str) -> str:
    command = [sys.executable, "-m", "pinterest_sandbox", *options]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_what_keeps_it_from_starting_is_one_sentence(sandbox: Any, tmp_path: Path) -> None:
    port = str(urlsplit(sandbox.url).port)
    assert f"127.0.0.1:{port}" in start_and_fail("--port", port)
    assert "no address" in start_and_fail("--port", "0", "--host", "no.such.host.invalid")
    assert "match_rate" in start_and_fail("--port", "0", "--match-rate", "2")
    assert "cannot be used" in start_and_fail("--port", "0", "--db", str(tmp_path))


def test_members_sent_in_large_requests_arrive_exactly(sandbox: Any) -> None:
    sandbox.call("PATCH", "/_sandbox/settings", {"tier": "none"})
    sent = digests(0, 30_000)
    list_id = sandbox.new_list(",".join(sent[:10_000]))
    for start in range(10_000, 30_000, 1_900):
        assert sandbox.add(list_id, ",".join(sent[start : start + 1_900])).status_code == 200
    lines = sandbox.call("GET", f"/_sandbox/customer_lists/{list_id}/members?format=text").text.splitlines()
    assert sorted(lines) == sorted(sent)


def test_requests_on_many_connections_at_once_are_all_applied(sandbox: Any) -> None:
    sandbox.call("PATCH", "/_sandbox/settings", {"tier": "none", "latency_ms": 5})
    list_id = sandbox.new_list()
    sent = digests(0, 4_000)

    def send(worker: int) -> None:
        with requests.Session() as session:
            for start in range(worker * 500, worker * 500 + 500, 50):
                body = {"operation_type": "ADD", "records": ",".join(sent[start : start + 50])}
                headers = {"authorization": "Bearer pina_sandbox"}
                url = f"{sandbox.url}{LISTS}/{list_id}"
                assert session.patch(url, json=body, headers=headers, timeout=20).status_code == 200

    workers = [threading.Thread(target=send, args=(worker,)) for worker in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sandbox.members(list_id) == {"a@example.com", *sent}
    assert sandbox.call("GET", f"{LISTS}/{list_id}").json()["num_batches"] == 81


def test_latency_is_waited_for(run: Callable[..., Any]) -> None:
    slow = run("--latency-ms", "200")
    began = time.monotonic()
    slow.call("GET", "/v5/ad_accounts")
    assert time.monotonic() - began >= 0.2


class Form(HTMLParser):
    """What a browser would send when a button is pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.buttons: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input":
            self.fields[str(given["name"])] = str(given["value"])
        elif tag == "button":
            self.buttons.append(str(given["value"]))


def test_a_browser_can_click_through_and_the_app_can_work_with_what_comes_back(sandbox: Any) -> None:
    asked = {
        "client_id": "1234567",
        "redirect_uri": "http://localhost:5/callback?keep=1",
        "response_type": "code",
        "scope": "ads:read,ads:write,user_accounts:read",
        "state": "a&b=c",
    }
    page = requests.get(f"{sandbox.url}/oauth/", params=asked, timeout=20)
    form = Form()
    form.feed(page.text)
    assert form.buttons == ["allow", "deny"]
    assert form.fields == asked
    back = requests.post(page.url, data={**form.fields, "decision": "allow"}, allow_redirects=False, timeout=20)
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert (query["state"], query["keep"]) == (["a&b=c"], ["1"])
    tokens = requests.post(
        f"{sandbox.url}/v5/oauth/token",
        data={"grant_type": "authorization_code", "code": query["code"][0], "redirect_uri": asked["redirect_uri"]},
        auth=("1234567", "sandbox-secret"),
        timeout=20,
    ).json()
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    assert requests.get(f"{sandbox.url}/v5/user_account", headers=headers, timeout=20).status_code == 200


def test_an_upload_goes_to_the_addresses_that_were_given_out(sandbox: Any) -> None:
    list_id = sandbox.new_list()
    path = f"{LISTS}/{list_id}/uploads"
    made = sandbox.call("POST", path, {"operation": "ADD", "total_parts": 2}).json()
    first, second = (part["presigned_url"] for part in made["s3_multipart_upload_data"]["file_parts"])
    values = digests(0, 90_000)
    text = "\n".join(values).encode()
    for url, body in ((first, text[: 5 * 1024 * 1024]), (second, text[5 * 1024 * 1024 :])):
        reply = requests.put(url, data=body, timeout=20)
        assert reply.headers["etag"] == f'"{hashlib.md5(body).hexdigest()}"'
    upload_id = made["customer_list_upload"]["id"]
    assert sandbox.call("POST", f"{path}/{upload_id}/run").json()["state"] == "RUNNING"
    assert sandbox.members(list_id) == {"a@example.com", *values}
    sandbox.call("POST", "/_sandbox/clock", {"advance_s": 60})
    assert sandbox.call("GET", f"{path}/{upload_id}").json()["record_counts"]["valid"] == 90_000


def test_every_acknowledged_write_survives_kill_9(run: Callable[..., Any], tmp_path: Path) -> None:
    database = str(tmp_path / "world.db")
    first = run("--db", database, "--tier", "none")
    list_id = first.new_list()
    acknowledged = {"a@example.com"}
    stopped = threading.Event()

    def write() -> None:
        for number in range(0, 1_000_000, 100):
            batch = digests(number, 100)
            try:
                if first.add(list_id, ",".join(batch)).status_code == 200:
                    acknowledged.update(batch)
            except requests.RequestException:
                break
        stopped.set()

    writer = threading.Thread(target=write)
    writer.start()
    while len(acknowledged) < 3_000:
        time.sleep(0.01)
    first.process.kill()
    writer.join()
    assert stopped.is_set()
    second = run("--db", database, "--tier", "none")
    kept = second.members(list_id)
    assert acknowledged <= kept
    assert len(kept - acknowledged) in {0, 100}, "at most the one request whose answer was lost"
    counted = second.call("GET", f"{LISTS}/{list_id}").json()
    assert counted["num_uploaded_user_records"] == len(kept)
    assert counted["num_batches"] == 1 + (len(kept) - 1) // 100


def test_a_database_in_use_is_not_opened_twice(run: Callable[..., Any], tmp_path: Path) -> None:
    database = str(tmp_path / "world.db")
    run("--db", database)
    assert re.search(r"world\.db.*locked", start_and_fail("--port", "0", "--db", database))
