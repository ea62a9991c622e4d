"""The filters of a list can be kept under a name, for oneself or for everybody, and lead back to the list."""

import pytest

from proposals.record.models import SavedView
from tests.doors import refused
from tests.factories import OfficerFactory, ProposalFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]


@pytest.fixture
def desk(client, officer):
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def kept(desk, path="/proposals/"):
    return [view.name for view in desk.get(path).context["kept_views"]]


def test_filters_of_a_list_are_kept_and_lead_back_to_its_rows(desk, officer):
    ProposalFactory()
    page = desk.get("/proposals/?status=counted&page=1&q=")

    assert page.context["keeping"] == "path=%2Fproposals%2F&status=counted"
    answer = desk.post(f"/views/keep/?{page.context['keeping']}", {"name": "Counted", "is_shared": ""})

    assert answer.url == "/proposals/?status=counted"
    assert kept(desk) == ["Counted"]
    assert kept(desk, "/proposals/follow-ups/") == []
    assert len(desk.get("/explore/").context["views"]) == 0


def test_a_view_is_its_owners_until_it_is_shared_and_the_owners_alone_to_change(desk, officer, client):
    view = SavedView.objects.create(owner=officer, name="Mine", path="/proposals/", query="status=counted")
    other = OfficerFactory(username="other")
    client.force_login(other)
    assert kept(client) == []
    assert client.get(f"/views/{view.pk}/").status_code == 404

    client.force_login(officer)
    assert client.get(f"/views/{view.pk}/").status_code == 200
    client.post(f"/views/{view.pk}/", {"name": "Ours", "is_shared": "on"})
    client.force_login(other)
    assert kept(client) == ["Ours"]

    client.force_login(officer)
    assert client.post(f"/views/{view.pk}/", {"delete": "1"}).url == "/proposals/"
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("path", ["", "/fund/", "/admin/", "//elsewhere.example/proposals/", "/calls/x/assignments/"])
def test_views_are_kept_of_lists_alone(desk, officer, path):
    assert desk.get("/views/keep/", {"path": path}).status_code == 404
    with refused("saved_view_of_a_list"):
        SavedView.objects.create(owner=officer, name="x", path=path)


def test_reviewer_keeps_views_of_no_list_that_they_may_not_open(client, reviewer):
    client.force_login(reviewer)

    assert client.get("/views/keep/", {"path": "/proposals/"}).status_code == 404
    assert client.get("/views/keep/", {"path": "/awards/CALL/"}).status_code == 200


def test_a_name_is_used_once(desk, officer):
    SavedView.objects.create(owner=officer, name="Mine", path="/proposals/")

    answer = desk.post("/views/keep/?path=/proposals/", {"name": "Mine"})

    assert "You already keep a view under that name" in answer.content.decode()
