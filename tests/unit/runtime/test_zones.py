"""All replicas of a release know the same rules, whatever their hosts have installed (R35)."""

import subprocess
import sys

SCRIPT = """
import zoneinfo
from tocsin_runtime.zones import pin_time_zones
zoneinfo.ZoneInfo("Europe/Berlin")
version = pin_time_zones()
assert zoneinfo.TZPATH == ()
assert "localtime" not in zoneinfo.available_timezones()
print(version, zoneinfo.ZoneInfo("Europe/Berlin"))
"""


def test_zones_come_from_the_package_alone() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    version, zone = done.stdout.split()
    assert (version[:2], zone) == ("20", "Europe/Berlin")
