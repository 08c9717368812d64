"""The documentation's site: it has every page, and shows each without asking anybody else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SETTINGS = ROOT / "zensical.toml"
LOADS = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?([^\"\s>]+)|<link\b[^>]*\bhref=\"?([^\"\s>]+)")


def pages(nav: list[dict[str, Any]]) -> Iterator[str]:
    for entry in nav:
        for target in entry.values():
            if isinstance(target, str):
                yield target
            else:
                yield from pages(target)


def test_every_page_of_docs_is_in_the_navigation_once() -> None:
    nav = tomllib.loads(SETTINGS.read_text())["project"]["nav"]

    assert sorted(pages(nav)) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_the_overview_leads_to_every_other_page() -> None:
    linked = set(re.findall(r"\]\(([a-z-]+\.md)\)", (ROOT / "docs" / "index.md").read_text()))

    assert linked == {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}


def built(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_a_page_of_the_site_loads_nothing_from_elsewhere_and_a_broken_link_ends_the_build(tmp_path: Path) -> None:
    shutil.copy(SETTINGS, tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")

    done = built(tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    html = [path.read_text() for path in (tmp_path / "site").glob("*.html")]
    loaded = {script or link for page in html for script, link in LOADS.findall(page)}
    assert any(target.endswith(".css") for target in loaded)
    assert any(target.endswith(".js") for target in loaded)
    assert not [target for target in loaded if re.match(r"(\w+:)?//", target)]

    with (tmp_path / "docs" / "index.md").open("a") as page:
        page.write("\n[nowhere](operations.md#no-such-place)\n")
    assert built(tmp_path).returncode != 0
