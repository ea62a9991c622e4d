"""Counts which lines and branches of the programme a whole run reaches, and fails the run where that is too little.

Code is instrumented as it is imported, so this begins before anything of ours is. A worker hands its count to the
process that started it, as tests/raised.py does with refusals.
"""

import io
import json
import os
from typing import Any

import pytest
from slipcover import FileMatcher, ImportManager, Slipcover, merge_coverage, print_coverage

LEAST_PERCENT = 95
SOURCES = ["aspire", "calls", "partners", "proposals"]
OMITTED = ["*/migrations/*", "*/guardian.py"]  # the guardian runs without site-packages
NOT_RUN = ["if TYPE_CHECKING:", "raise NotImplementedError", r"assert_never\("]
WORKERS: list[dict[str, Any]] = []


def begun() -> Slipcover | None:
    """The counter, where ``make test`` asked for one."""
    if not os.environ.get("ASPIRE_COVERAGE"):
        return None
    counter = Slipcover(branch=True, source=SOURCES, omit=OMITTED, exclude_also=NOT_RUN)
    ImportManager(counter, FileMatcher(sources=SOURCES, omit=OMITTED)).__enter__()
    return counter


COUNTER = begun()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    if counted := getattr(node, "workeroutput", {}).get("coverage"):
        WORKERS.append(json.loads(counted))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if COUNTER and output is not None:
        output["coverage"] = json.dumps(COUNTER.get_coverage())
    elif COUNTER and session.exitstatus == pytest.ExitCode.OK and percent(counted()) < LEAST_PERCENT:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if COUNTER:
        reached, table = counted(), io.StringIO()
        print_coverage(reached, outfile=table, skip_covered=True, missing_width=60)
        terminalreporter.section("lines and branches that no test has reached")
        terminalreporter.write_line(table.getvalue())
        terminalreporter.write_line(f"{percent(reached):.2f} % reached; at least {LEAST_PERCENT} % must be.")


def counted() -> dict[str, Any]:
    """What this process and its workers reached together."""
    assert COUNTER is not None
    together: dict[str, Any] = COUNTER.get_coverage()
    for counts in WORKERS:
        merge_coverage(together, counts)
    return together


def percent(reached: dict[str, Any]) -> float:
    return float(reached["summary"]["percent_covered"])
