"""What befalls an installation is tried before a release; ``make chaos`` tries more of it."""

import subprocess
import sys

import pytest

from tests.serving import ROOT


@pytest.mark.sweep
def test_site_comes_through_a_restart_a_lock_and_the_lack_of_connections() -> None:
    command = [sys.executable, "-m", "tests.chaos", "restart", "lock", "exhausted"]

    tried = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)

    assert "BAD" not in tried.stdout
    assert tried.returncode == 0, tried.stderr
