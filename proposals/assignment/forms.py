"""What officers type about the review of a call."""

from typing import cast

from django import forms
from django.contrib.auth.models import User
from django.core.validators import MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from aspire.people import Person
from aspire.records import RefusingForm
from aspire.untyped import Passed
from calls.models import Call, Field
from proposals.assignment.decisions import reviewers
from proposals.assignment.stages import Effect, settings_effects
from proposals.record.models import Conflict


class ReviewSettingsForm(RefusingForm):
    """What reviewers see in each stage, by when and how many reviews are wanted."""

    class Meta:
        model = Call
        fields = [
            *("in_review_shows", "in_review_others", "deciding_shows", "deciding_others"),
            *("reviews_wanted", "reviews_due_on"),
        ]
        widgets = {"reviews_due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        wanted = self.fields["reviews_wanted"]
        wanted.widget.attrs["min"] = 1
        wanted.validators.append(MinValueValidator(1))
        self.seen = "|".join(str(self[name].initial) for name in self.fields)

    def effects(self, *, reader: Person) -> list[Effect]:
        """What saving would change, setting by setting, and for how many."""
        changed = [name for name in self.fields if name in self.changed_data]
        return settings_effects(self.instance, changed, reader=reader)


class PersonField(forms.ModelChoiceField):
    """People as officers know them."""

    def label_from_instance(self, obj: User) -> str:
        return named(obj)


class AssignmentFilter(forms.Form):
    """Which proposals of the call to show for assigning."""

    q = forms.CharField(label=_("Search"), required=False)
    field = forms.ModelChoiceField(
        label=_("Field"), queryset=Field.objects.none(), required=False, to_field_name="code"
    )
    short = forms.BooleanField(label=_("short of reviewers only"), required=False)

    def __init__(self, data: QueryDict, *, call: Call) -> None:
        super().__init__(data)
        choices = cast(forms.ModelChoiceField, self.fields["field"])
        choices.queryset = call.fields.order_by("call_fields__position").distinct()


class AssignForm(forms.Form):
    """Who is to review the chosen proposals."""

    reviewer = PersonField(label=_("Reviewer"), queryset=reviewers(), to_field_name="username")


class PlanForm(forms.Form):
    """How many reviewers each proposal is to have."""

    wanted = forms.IntegerField(label=_("reviewers a proposal"), min_value=1, max_value=9)


class ConflictForm(forms.Form):
    """A conflict of interest that an officer knows of."""

    number = forms.CharField(label=_("proposal number"), max_length=40)
    person = PersonField(
        label=_("Whose"),
        queryset=User.objects.filter(is_active=True).select_related("reviewer_profile").order_by("username"),
        to_field_name="username",
    )
    kind = forms.ChoiceField(label=_("kind of interest"), choices=[c for c in Conflict.Kind.choices if c[0]])
    words = forms.CharField(label=_("in words"), required=False, max_length=500)


def named(person: User) -> str:
    """A person as officers know them: name and user name."""
    profile = getattr(person, "reviewer_profile", None)
    return f"{profile or person.get_full_name()} ({person.get_username()})"
