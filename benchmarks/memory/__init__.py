"""How much memory a measured process takes, and what it is for photos and grids of all sizes."""

from pathlib import Path


def peak_mb() -> int:
    """Of this process since it began. `getrusage` would count what its parent held when it started it."""
    return _kilobytes("VmHWM:") // 1024


def resident_mb() -> int:
    """Of this process now."""
    return _kilobytes("VmRSS:") // 1024


def _kilobytes(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))
