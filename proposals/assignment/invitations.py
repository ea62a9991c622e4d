"""Reviewers are invited by mail: an officer says who, and the link lets that person choose a password, once."""

from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from aspire.people import PersonRequest
from aspire.records import RefusingForm
from aspire.refusals import Refusal
from aspire.roles import Role
from aspire.typed import ResearcherNumberField
from aspire.untyped import Answered, Passed
from calls.models import Field
from proposals.record.models import Reviewer

MAIL = "assignment/email/invitation"


class InvitationForm(RefusingForm):
    """Who is to review, and where the invitation goes; the address is the name to sign in with."""

    last_name = forms.CharField(label=gettext_lazy("Family name"), max_length=50)
    first_name = forms.CharField(label=gettext_lazy("Given name"), max_length=50)
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=150)
    researcher_number = ResearcherNumberField()

    class Meta:
        model = Reviewer
        fields = ["reading", "name_en", "institution", "researcher_number", "fields"]
        widgets = {"fields": forms.CheckboxSelectMultiple}

    field_order: Sequence[str] = ["last_name", "first_name", "email", *Meta.fields]

    def __init__(self, *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        fields: Answered = self.fields["fields"]
        fields.queryset = Field.objects.all()

    def clean_email(self) -> str:
        """An account has one address, and an address one account. Raises ValidationError."""
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists() or User.objects.filter(username__iexact=email).exists():
            raise ValidationError(Refusal("invited_has_account", {"value": email}).sentence)
        return email


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: PersonRequest) -> HttpResponse:
    """Make an account for a reviewer and send its owner the way in; below, who has not come yet."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            person = make_account(form)
        return sent(request, person)
    context = {"form": form, "waiting": waiting().order_by("-user__date_joined", "pk")}
    return render(request, "assignment/invite.html", context, status=400 if form.errors else 200)


@require_POST
def invite_again(request: PersonRequest, pk: int) -> HttpResponse:
    """Send the way in anew to somebody who has not come yet; earlier links end with their own time."""
    return sent(request, get_object_or_404(waiting(), pk=pk).user)


def waiting() -> QuerySet[Reviewer]:
    """Reviewers who have an address and have not come yet."""
    invited = Reviewer.objects.filter(user__last_login=None, user__is_active=True).exclude(user__email="")
    return invited.select_related("user")


def make_account(form: InvitationForm) -> User:
    """An account without a password, in the role of reviewer alone, and what is known of its owner."""
    typed: dict[str, Any] = form.cleaned_data
    name = {"last_name": typed["last_name"], "first_name": typed["first_name"]}
    person = User.objects.create_user(typed["email"], email=typed["email"], **name)
    person.groups.add(Group.objects.get(name=Role.REVIEWER))
    profile = form.save(commit=False)
    profile.user, profile.name_ja = person, f"{typed['last_name']} {typed['first_name']}"
    profile.save()
    form.save_m2m()
    return person


def sent(request: PersonRequest, person: User) -> HttpResponse:
    """Mail the link, which holds until a password is chosen and no longer than the setting says; and the page anew."""
    keys = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    url = request.build_absolute_uri(reverse("account_reset_password_from_key", kwargs=keys))
    get_adapter(request).send_mail(MAIL, person.email, {"url": url, "person": person, "by": request.user})
    messages.success(request, _("Invited: %(email)s.") % {"email": person.email})
    return redirect("assignment:invite")
