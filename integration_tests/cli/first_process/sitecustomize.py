"""Python reads this when it starts, after coverage has begun: whatever the process starts is not measured."""

import os

for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
    del os.environ[name]
