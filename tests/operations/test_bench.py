"""The measurements run whole; what they say of so few rows means nothing."""

import pytest

from tests.bench import measuring
from tests.bench.__main__ import measure


@pytest.mark.sweep
@pytest.mark.django_db(transaction=True)
def test_every_table_of_the_bench_is_printed_on_a_handful_of_rows(capsys, monkeypatch):
    monkeypatch.setattr(measuring, "chosen", measuring.chosen)  # put back afterwards

    measure(measuring.SMALL)

    said = capsys.readouterr().out
    assert said.count("measured") == 8
    for part in ("home, manager", "fund, beside", "pandas", "last page of 30", "plain COPY", "rules off", "MiB above"):
        assert part in said
