"""What this machine looks like."""

from __future__ import annotations

from pathlib import Path

from destination_pinterest.program_version import program_version
from pinterest_audiences.doctor.machine import machine_findings


def test_versions_and_disks_are_told(tmp_path: Path) -> None:
    found = {one.name: one for one in machine_findings({"PINTEREST_AUDIENCES_HOME": str(tmp_path / "not" / "yet")})}
    assert found["Version"].text.startswith(program_version())
    assert {"Python", "System", "Disk of this folder", "Disk of profiles"} <= set(found)
    assert "GB free" in found["Disk of profiles"].text
