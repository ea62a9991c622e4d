"""What ``manage.py load_demo`` leaves alone when it is run again where it has run before."""

import datetime

import pytest
from django.contrib.auth.models import User

from calls.models import Call
from proposals.record.models import Proposal
from tests.demonstrated import TODAY, everything, load

pytestmark = [pytest.mark.usefixtures("demonstration"), pytest.mark.django_db]


def test_load_demo_changes_nothing_when_run_again_on_a_later_day():
    before = everything()
    load(on=TODAY + datetime.timedelta(days=40))
    assert everything() == before


def test_load_demo_leaves_what_people_changed():
    Call.objects.filter(code="DEMO-OPEN").update(name_en="Renamed by an officer")
    Proposal.objects.filter(number="DEMO-OPEN-001").update(title_en="Corrected by an officer")
    User.objects.filter(username="officer").update(last_name="Ito", is_active=False)
    before = everything()
    load()
    assert everything() == before


def test_load_demo_never_resets_a_password():
    officer = User.objects.get(username="officer")
    officer.set_password("changed by its owner")
    officer.save()
    load()
    officer.refresh_from_db()
    assert officer.check_password("changed by its owner")
