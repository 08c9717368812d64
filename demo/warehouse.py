"""The demo's warehouse: a DuckDB table of customers as real ones are, and what an audience of them must consist of.

The expected digests come from the table by SQL alone, so that the connector is checked by something that shares no code
with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

TABLE: Final = "customers"
ROWS: Final = 100_000

# Of 200 customers one each has: an address without @; a blank one; none; one in mixed case between blanks; the same as
# the customer before; only a digest of one, in upper case; only the advertising ID that phones send when tracking is
# refused. Of ten customers one has an Android phone that tells its ID, and one an iPhone.
_CUSTOMERS: Final = f"""
CREATE TABLE {TABLE} AS
SELECT
    i AS id,
    CASE i % 200
        WHEN 0 THEN 'person' || i || '.example.com'
        WHEN 1 THEN '   '
        WHEN 2 THEN NULL
        WHEN 3 THEN '  Person' || i || '@Example.COM '
        WHEN 4 THEN 'person' || (i - 1) || '@example.com'
        WHEN 5 THEN NULL
        WHEN 6 THEN NULL
        ELSE 'person' || i || '@example.com'
    END AS email,
    CASE WHEN i % 200 = 5 THEN upper(sha256('person' || i || '@example.com')) END AS email_sha256,
    CASE
        WHEN i % 200 = 6 THEN '00000000-0000-0000-0000-000000000000'
        WHEN i % 10 = 8 THEN md5('android ' || i)::UUID::VARCHAR
    END AS gaid,
    CASE WHEN i % 10 = 9 THEN upper(md5('iphone ' || i)::UUID::VARCHAR) END AS idfa,
    ['Ada', 'Bo', 'Chidi', 'Dana', 'Elif', 'Femi', 'Gül', 'Hana'][1 + i % 8] AS first_name,
    ['Accra', 'Berlin', 'Córdoba', 'Dhaka', 'Évora', 'Fukuoka'][1 + i % 6] AS city,
    TIMESTAMP '2026-01-01 00:00:00' + to_seconds(i) AS updated_at
FROM range({ROWS}) AS numbers(i)
"""

_DIGESTS: Final = f"""
SELECT sha256(lower(trim(email))) FROM {TABLE} WHERE email LIKE '%@%'
UNION SELECT lower(email_sha256) FROM {TABLE} WHERE email_sha256 IS NOT NULL
UNION SELECT sha256(lower(gaid)) FROM {TABLE} WHERE gaid NOT SIMILAR TO '[0-]+'
UNION SELECT sha256(lower(idfa)) FROM {TABLE} WHERE idfa IS NOT NULL
"""

_WITHOUT_IDENTITY: Final = f"""
SELECT count(*) FROM {TABLE}
WHERE coalesce(email, '') NOT LIKE '%@%' AND email_sha256 IS NULL
AND coalesce(gaid, '0') SIMILAR TO '[0-]+' AND idfa IS NULL
"""


def write_warehouse(path: Path) -> None:
    """Writes the database anew; the same one every time."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with duckdb.connect(str(beside)) as database:
        database.execute(_CUSTOMERS)
    beside.replace(path)


def expected_members(path: Path) -> set[str]:
    """The SHA-256 digests, in lower hexadecimal digits, of everybody in the table who can be identified."""
    with duckdb.connect(str(path), read_only=True) as database:
        return {digest for (digest,) in database.execute(_DIGESTS).fetchall()}


def rows_without_identity(path: Path) -> int:
    """How many customers can't be identified."""
    with duckdb.connect(str(path), read_only=True) as database:
        found = database.execute(_WITHOUT_IDENTITY).fetchone()
    return int(found[0]) if found else 0
