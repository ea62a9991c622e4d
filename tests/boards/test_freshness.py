"""What is compared before a reader's own copy of a board is confirmed: nothing of another program's making."""

import pytest

from proposals.boards import views

FILES = [
    "aspire/yen.py",
    "aspire/locale/ja/LC_MESSAGES/django.mo",
    "aspire/static/aspire/charts.js",
    "partners/models.py",
    "calls/terms.py",
    "proposals/record/status.py",
    "templates/calls/board.html",
]


@pytest.fixture
def program(tmp_path, settings):
    """A program of a file a kind."""
    settings.BASE_DIR = tmp_path
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("as it was")
    yield tmp_path
    views.release.cache_clear()


def fingerprint():
    views.release.cache_clear()
    return views.release()


@pytest.mark.parametrize("name", FILES)
def test_another_version_of_any_package_is_another_release(program, name):
    before = fingerprint()
    assert fingerprint() == before

    (program / name).write_text("as it is")

    assert fingerprint() != before


def test_another_version_of_a_library_is_another_release(program, monkeypatch):
    before = fingerprint()

    monkeypatch.setattr(views, "distributions", list)

    assert fingerprint() != before
