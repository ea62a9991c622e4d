"""Stops the embedded PostgreSQL once nobody uses it; run as a program of its own, with the standard library alone.

Arguments: the file on which every user holds a shared lock, then the command that stops the engine. The kernel gives
this process its exclusive lock when the last user has ended, by whatever death.
"""

import fcntl
import subprocess
import sys
from pathlib import Path


def stop(command: list[str]) -> None:
    """Stop the engine in good order; where that fails, as on a full disk, without. What was saved stays either way."""
    if subprocess.run(command, check=False, capture_output=True).returncode:
        at_once = ["immediate" if word == "fast" else word for word in command]
        subprocess.run(at_once, check=False, capture_output=True)


if __name__ == "__main__":
    with Path(sys.argv[1]).open("r") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        stop(sys.argv[2:])
