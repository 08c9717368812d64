from __future__ import annotations

from destination_pinterest.system import System


def test_clocks_and_chance_are_the_systems_own_unless_given() -> None:
    system = System()
    assert system.clock() <= system.clock()
    assert system.now() > 1_700_000_000
    assert 0 <= system.chance() < 1


def test_a_system_with_another_sleep_keeps_its_clocks_and_chance() -> None:
    slept: list[float] = []
    system = System(clock=lambda: 1.0, now=lambda: 2.0, chance=lambda: 0.5)
    other = system.with_sleep(slept.append)
    other.sleep(3.0)
    assert slept == [3.0]
    assert (other.clock(), other.now(), other.chance()) == (1.0, 2.0, 0.5)
