"""What one writes without a connector: Pinterest's own Python SDK in a plain loop over the same lines.

Runs in the SDK's own environment (peer_environment.py). Each record's e-mail address is trimmed, lower-cased and
hashed; 1,900 at a time go to the SDK's CustomerList, whose add_record sends them and then, by itself, gets the list
again. STATE lines are passed over. Credentials and the API's address come from the environment, as the SDK reads them.

Source: pinterest-api-sdk 0.2.7, pinterest/ads/customer_lists.py and pinterest/config.py (read 2026-11-22).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice

from pinterest.ads.customer_lists import CustomerList  # type: ignore[import-not-found]  # not in this environment


def main(ad_account_id: str, batch_size: int) -> None:
    """Puts all of standard input into a new customer list; an empty input creates none."""
    identifiers = _identifiers(sys.stdin)
    first = list(islice(identifiers, batch_size))
    if not first:
        return
    customer_list = CustomerList.create(ad_account_id, "customers", ",".join(first))
    while batch := list(islice(identifiers, batch_size)):
        customer_list.add_record(",".join(batch))


def _identifiers(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        message = json.loads(line)
        if message["type"] == "RECORD":
            yield sha256(message["record"]["data"]["email"].strip().lower().encode()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
