"""Fails a whole run in which some refusal of the catalogue was never met: a rule without a test can be weakened unseen.

A rule that PostgreSQL keeps is met where PostgreSQL refused by it, and a decision of ours where our code refused.
"""

import sys
from collections.abc import Iterable
from typing import Any

import pytest

BY_POSTGRESQL: set[str] = set()
BY_US: set[str] = set()
TITLE = "refusals that no test has met"
NOT_SWEPT = "not sweep"


def pytest_configure(config: pytest.Config) -> None:
    """Note every refusal that is made by the programme; those that tests make to compare with are nobody's."""
    from aspire.refusals import Refusal

    make = Refusal.__init__

    def noted(self: Refusal, name: str, *args: Any, **named: Any) -> None:
        make(self, name, *args, **named)
        maker = sys._getframe(1)
        if not maker.f_globals["__name__"].startswith("tests."):
            (BY_POSTGRESQL if maker.f_code.co_name == "from_error" else BY_US).add(name)

    Refusal.__init__ = noted  # type: ignore[method-assign]


def never_met() -> list[str]:
    from aspire.refusals import CATALOGUE
    from tests.aspire.test_refusals import OF_DECISIONS

    return sorted(CATALOGUE.keys() - BY_POSTGRESQL - (BY_US & OF_DECISIONS))


def is_whole(session: pytest.Session) -> bool:
    """Whether every test has run, and none has failed, which would explain what was not met."""
    option, source = session.config.option, session.config.args_source
    chosen = [option.keyword, option.deselect, option.collectonly, option.markexpr != NOT_SWEPT]
    chosen.append(getattr(option, "lf", False))
    return source is pytest.Config.ArgsSource.TESTPATHS and not any(chosen) and not session.testsfailed


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["refusals"] = [*BY_POSTGRESQL], [*BY_US]
    elif is_whole(session) and (missing := never_met()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.hook.pytest_runtest_logreport(report=failure(missing))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    met: tuple[Iterable[str], Iterable[str]] = getattr(node, "workeroutput", {}).get("refusals", ((), ()))
    BY_POSTGRESQL.update(met[0])
    BY_US.update(met[1])


def failure(missing: list[str]) -> pytest.TestReport:
    """Stands among the failed tests, so that the closing line counts it."""
    return pytest.TestReport(
        TITLE, ("tests/raised.py", 0, TITLE), {}, "failed", ", ".join(missing), when="call", duration=0, start=0, stop=0
    )
