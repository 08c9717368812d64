"""What one running sandbox consists of, as the API and the control side share it."""

from __future__ import annotations

from dataclasses import dataclass

from pinterest_sandbox.count_lag import CountLag
from pinterest_sandbox.faults import FaultPlan, Faults
from pinterest_sandbox.lateness import Lateness
from pinterest_sandbox.quota import Quota
from pinterest_sandbox.seen import Seen
from pinterest_sandbox.settings import Settings, SettingsInUse
from pinterest_sandbox.spacing import ObjectSpacing
from pinterest_sandbox.world import World


@dataclass(frozen=True, slots=True)
class State:
    """The world, which lasts; and what belongs to this process: settings, quota spent, faults, lateness, requests."""

    world: World
    settings: SettingsInUse
    quota: Quota
    spacing: ObjectSpacing
    faults: Faults
    lateness: Lateness
    count_lag: CountLag
    seen: Seen

    @classmethod
    def fresh(cls, world: World, settings: Settings, plans: tuple[FaultPlan, ...]) -> State:
        """A state around a world, with everything else as at the start."""
        in_use = SettingsInUse(settings)
        quota, spacing = Quota(in_use, world.now), ObjectSpacing(world.now)
        late, lag = Lateness(world.now), CountLag(world.now)
        return cls(world, in_use, quota, spacing, Faults(plans), late, lag, Seen())

    def restart(self) -> None:
        """Bring everything but the world back to the start."""
        self.settings.restore()
        self.quota.clear()
        self.spacing.clear()
        self.faults.restore()
        self.lateness.clear()
        self.count_lag.clear()
        self.seen.clear()
