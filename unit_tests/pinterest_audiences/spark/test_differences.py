from __future__ import annotations

import pickle

import pyarrow as pa

from pinterest_audiences.spark.chunks import unpacked
from pinterest_audiences.spark.differences import DifferencePacker


def test_each_identifier_stands_in_the_column_of_its_kind_beside_the_operation() -> None:
    packer = pickle.loads(pickle.dumps(DifferencePacker(("EMAIL/sha256", "PHONE/sha256"), "ADD", "REMOVE")))
    batch = pa.RecordBatch.from_pydict(
        {
            "identifier": ["aa", "@pbb", "cc"],
            "kind": ["EMAIL/sha256", "PHONE/sha256", "EMAIL/sha256"],
            "joins": [True, True, False],
        }
    )

    (chunk,) = packer([batch])

    assert unpacked(chunk.column(0).to_pylist()[0]).rows == [
        ["aa", None, "ADD"],
        [None, "bb", "ADD"],
        ["cc", None, "REMOVE"],
    ]
