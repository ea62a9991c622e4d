"""Stops the embedded PostgreSQL once nobody uses it; run as a program of its own, with the standard library alone.

Arguments: the file on which every user holds a shared lock, then the command that stops the engine. The kernel gives
this process its exclusive lock when the last user has ended, by whatever death.
"""

import fcntl
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    with Path(sys.argv[1]).open("w") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        subprocess.run(sys.argv[2:], check=False)
