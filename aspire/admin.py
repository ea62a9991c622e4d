"""How an administrator gives out accounts and roles."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, SetUnusablePasswordMixin
from django.contrib.auth.models import User
from django.db.models import ManyToManyField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aspire.accounts.history import acts_on
from aspire.models import ExportRecord
from aspire.records import AddressedAdmin
from aspire.roles import Role
from aspire.sheets.kinds import KINDS, is_anything_hidden_from
from aspire.untyped import Answered, Named, Passed


class RoleFilter(admin.SimpleListFilter):
    """People by role, named as everywhere else."""

    title = _("Role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, Any]]:
        return Role.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


class PasswordForm(AdminPasswordChangeForm):
    """Django's form, with the help text in the language of the page rather than of the server's start."""

    usable_password_help_text: Answered = SetUnusablePasswordMixin.usable_password_help_text


class PersonAdmin(AddressedAdmin, UserAdmin):
    """Accounts: an administrator gives them out and puts people into their roles."""

    change_password_form = PasswordForm
    list_display = ["username", "last_name", "first_name", "is_active"]
    list_filter = [RoleFilter, "is_active"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["last_name", "first_name", "email"]}),
        (_("Role"), {"fields": ["groups", "is_active"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2"]}),
        (_("Role"), {"fields": ["groups"]}),
    ]
    filter_horizontal = ()
    readonly_fields = ()
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(is_superuser=False)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The history that the database keeps, where Django's own knows of this page alone."""
        person = self.get_object(request, object_id)
        acts = reversed(acts_on(person)) if person else ()
        return super().history_view(request, object_id, {"acts": [*acts], **(extra_context or {})})

    def formfield_for_manytomany(self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Passed) -> Answered:
        """The roles under the names people know."""
        field: Named = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.label_from_instance = lambda group: gettext(group.name)
        return field


@admin.register(ExportRecord)
class ExportRecordAdmin(AddressedAdmin):
    """Who took what by file; only looked at.

    What others searched for and how much they found may tell of what is hidden from the reader.
    """

    told_only_whole: ClassVar = {"filters", "row_count", "columns", "sha256"}
    list_display = ["exported_at", "user", "what", "form", "row_count", "filters"]
    list_filter = ["kind", "form", "exported_at"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__last_name", "user__first_name", "sha256"]
    date_hierarchy = "exported_at"

    def get_list_display(self, request: HttpRequest) -> Answered:
        return self._told(request, super().get_list_display(request))

    def get_search_fields(self, request: HttpRequest) -> Answered:
        return self._told(request, super().get_search_fields(request))

    def get_fields(self, request: HttpRequest, obj: ExportRecord | None = None) -> Answered:
        """All of what the person took; of what others did only who and when, where part is hidden from the person."""
        fields = super().get_fields(request, obj)
        return fields if obj and obj.user_id == request.user.pk else self._told(request, fields)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """An address asks for no more than the list shows."""
        asked = [lookup.partition("__")[0]]
        return (request is None or self._told(request, asked) == asked) and super().lookup_allowed(
            lookup, value, request
        )

    def _told(self, request: HttpRequest, names: Answered) -> Answered:
        if not is_anything_hidden_from(request.user):
            return names
        return [name for name in names if name not in self.told_only_whole]

    @admin.display(description=_("kind"), ordering="kind")
    def what(self, record: ExportRecord) -> str:
        """What its rows are, as everywhere else."""
        if record.kind == "documents":
            return gettext("Documents")
        return str(KINDS[record.kind].title) if record.kind in KINDS else record.kind


admin.site.unregister(User)
admin.site.register(User, PersonAdmin)
