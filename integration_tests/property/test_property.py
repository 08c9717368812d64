"""The property, by chance: tables change, attempts meet trouble, and audiences are as promised all the while."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from integration_tests.orchestrator.pyairbyte import PYAIRBYTE
from integration_tests.property.budget import budget
from integration_tests.property.drawn import (
    APPENDS,
    OVERWRITES,
    REMOVES,
    SEEDS,
    changes,
    failing_sources,
    kills,
    passing_trouble,
    setups,
    stops,
)
from integration_tests.property.setups import Setup
from integration_tests.property.world import Trouble, World


class Connected(RuleBasedStateMachine):
    """A connection, of a kind that a class below names."""

    kind: st.SearchStrategy[Setup]

    @initialize(data=st.data())
    def connect(self, data: st.DataObject) -> None:
        setup = data.draw(self.kind)
        note(f"{setup}")
        self._folder = tempfile.TemporaryDirectory(prefix="property-")
        store = Path(self._folder.name) / "store"
        store.mkdir()
        self.world = World(setup, store)
        self._times_changed = 0
        self.change(data.draw(SEEDS))

    @rule(seed=SEEDS)
    def change(self, seed: int) -> None:
        self._times_changed += 1
        changed = changes(random.Random(f"{seed}, change {self._times_changed}"))
        note(f"{changed}")
        for which, key, row in changed:
            table = self.world.tables[which % len(self.world.tables)]
            if row is None:
                table.delete(key)
            else:
                table.put(key, {column: value for column, value in row.items() if column in table.shape.stream.columns})

    @rule(trouble=passing_trouble())
    def sync(self, trouble: Trouble) -> None:
        self.world.attempt(trouble)

    @rule(trouble=kills())
    def kill(self, trouble: Trouble) -> None:
        self.world.attempt(trouble)

    @rule(trouble=failing_sources())
    def fail_the_source(self, trouble: Trouble) -> None:
        if self.world.setup.host != PYAIRBYTE:  # Its cache comes first, so the failure reaches no destination.
            self.world.attempt(trouble)

    @rule(trouble=stops())
    def stop(self, trouble: Trouble) -> None:
        self.world.attempt(trouble)

    @rule(what=st.sampled_from(("refresh", "refresh", "refresh and keep", "clear", "give up")), which=st.integers(0, 1))
    def begin_another_job(self, what: str, which: int) -> None:
        if what == "clear" and self.world.setup.knows_refreshes:
            self.world.clear(self.world.streams[which % len(self.world.streams)])
        elif what.startswith("refresh") and (streams := self.world.refreshable):
            self.world.refresh(streams[which % len(streams)], truncates=what == "refresh")
        else:
            self.world.give_up()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.world.attempt(Trouble())
            self.world.attempt(Trouble())
        finally:
            self.world.close()
            self._folder.cleanup()


class Added(Connected):
    """Rows add and remove, one after the other."""

    kind = setups((*APPENDS, REMOVES), wants=("mirror", "mirror", "mirror", "mirror", "remove"))


class Replaced(Connected):
    """Audiences become the whole table, by a list that is built beside the one in use."""

    kind = setups((*OVERWRITES, APPENDS[0]), wants=("mirror", "mirror", "mirror", "additive"))


class Remembered(Connected):
    """A membership store knows who came from which row."""

    kind = setups((APPENDS[0], *OVERWRITES, *APPENDS), has_store=True)


TestAdded = Added.TestCase
TestAdded.settings = budget(120)
TestReplaced = Replaced.TestCase
TestReplaced.settings = budget(150)
TestRemembered = Remembered.TestCase
TestRemembered.settings = budget(40)
