from __future__ import annotations

import subprocess
import sys

# Prints which Python functions are called while the process reads its first manifest.
_READS_THE_FIRST = """
import sys
from destination_pinterest.membership.manifest import Manifest, read_manifest, write_manifest
from destination_pinterest.membership.store_key import Scrypt, StoreKey

key = StoreKey("the key of a test", {1: Scrypt(n=2, r=8, p=1)})
keys = key.keys(b"salt", 1)
manifest = Manifest(ad_account_id="1", audience="customers", salt=b"salt".hex(), stretching=1, key_check=keys.check)
written = write_manifest(manifest, keys)
called = set()
sys.setprofile(lambda frame, event, _: called.add(frame.f_code.co_name))
assert read_manifest(written, key.keys, "here") == manifest
sys.setprofile(None)
print(*called)
"""


def test_a_manifest_is_read_without_completing_its_type_which_two_threads_must_not_do_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _READS_THE_FIRST], capture_output=True, text=True, check=True, timeout=60
    )
    called = set(done.stdout.split())
    assert "read_manifest" in called
    # By this one msgspec asks a class for its fields; another thread that decodes meanwhile crashes the process.
    assert "get_class_annotations" not in called
