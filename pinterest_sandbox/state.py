"""What one running sandbox consists of, as the API and the control side share it."""

from __future__ import annotations

from dataclasses import dataclass

from pinterest_sandbox.faults import Faults
from pinterest_sandbox.lateness import Lateness
from pinterest_sandbox.quota import Quota
from pinterest_sandbox.seen import Seen
from pinterest_sandbox.settings import Settings, SettingsInUse
from pinterest_sandbox.spacing import ObjectSpacing
from pinterest_sandbox.world import World


@dataclass(frozen=True, slots=True)
class State:
    """The world, which lasts; and what belongs to this process: settings, spent quota, faults, lateness, requests seen."""

    world: World
    settings: SettingsInUse
    quota: Quota
    spacing: ObjectSpacing
    faults: Faults
    lateness: Lateness
    seen: Seen

    @classmethod
    def fresh(cls, world: World, settings: Settings) -> State:
        """A state around a world, with everything else as at the start."""
        in_use = SettingsInUse(settings)
        quota, spacing = Quota(in_use, world.now), ObjectSpacing(world.now)
        return cls(world, in_use, quota, spacing, Faults(), Lateness(world.now), Seen())

    def restart(self) -> None:
        """Bring everything but the world back to the start."""
        self.settings.restore()
        self.quota.clear()
        self.spacing.clear()
        self.faults.clear()
        self.lateness.clear()
        self.seen.clear()
