"""The records: Django's admin as our staff meet it; every refusal answers on the form as typed."""

import contextlib
from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget, AutocompleteSelect, RelatedFieldWidgetWrapper
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import NON_FIELD_ERRORS, FieldDoesNotExist, ValidationError
from django.db import DatabaseError, connection
from django.db.models import DateField, ForeignKey, Model, QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _

from aspire.keyset import CappedPaginator
from aspire.refusals import Refusal, from_error
from aspire.roles import RECORDS, STAFF, Role, roles_of
from aspire.telling import history_of
from aspire.typed import DayField
from aspire.untyped import Answered, Named, Passed

# Days in every spelling that files may use.
TYPED: Answered = {DateField: {"form_class": DayField, "widget": AdminDateWidget}}


class AspireAdminSite(admin.AdminSite):
    """The records, for officers and administrators; only models that the table of roles names are there."""

    site_header = site_title = "ASPIRE"
    index_title = _("Records")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(roles_of(request.user) & STAFF)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's own pages; the way from a record to its page on the site leads only to what the person may see."""
        own = path("r/<int:content_type_id>/<int:object_id>/", self.admin_view(self.view_on_site), name="view_on_site")
        return [own, *(page for page in super().get_urls() if getattr(page, "name", "") != "view_on_site")]

    def view_on_site(self, request: HttpRequest, content_type_id: int, object_id: int) -> HttpResponse:
        model = get_object_or_404(ContentType, pk=content_type_id).model_class()
        keeper = self._registry.get(model) if model else None
        found = keeper.get_object(request, str(object_id)) if keeper else None
        if found is None or not hasattr(found, "get_absolute_url"):
            raise Http404
        return redirect(found)

    def register(self, model_or_iterable: Passed, admin_class: Passed = None, **options: Passed) -> None:
        models = model_or_iterable if isinstance(model_or_iterable, (list, tuple)) else [model_or_iterable]
        kept = [model for model in models if model._meta.label_lower in RECORDS[Role.ADMINISTRATOR]]
        super().register(kept, admin_class, **options)


class RefusingForm(ModelForm):
    """A form that can be told of a refusal by the database, and keeps errors of fields it does not show."""

    refusal: Refusal | None = None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal:
            raise self.refusal.error()
        return cleaned

    def _update_errors(self, errors: ValidationError) -> None:
        """A rule may speak of a field that is read only here: its sentence then stands above the form."""
        if hasattr(errors, "error_dict"):
            hidden = [name for name in errors.error_dict if name not in self.fields and name != NON_FIELD_ERRORS]
            for name in hidden:
                errors.error_dict.setdefault(NON_FIELD_ERRORS, []).extend(errors.error_dict.pop(name))
        super()._update_errors(errors)  # type: ignore[misc]


class LoadedSelect(AutocompleteSelect):
    """Django's own, which asks for the words of what is chosen; of a row that was read with them, nothing is asked."""

    loaded: Model | None = None

    def optgroups(self, name: str, value: Passed, attrs: Passed = None) -> Answered:
        if self.loaded is None or [str(each) for each in value] != [str(self.loaded.pk)]:
            return super().optgroups(name, value, attrs)
        label = self.choices.field.label_from_instance(self.loaded)
        empty = [] if self.is_required else [self.create_option(name, "", "", selected=False, index=0)]
        return [(None, [*empty, self.create_option(name, self.loaded.pk, label, selected=True, index=0)], 0)]


class PlainForms:
    """Forms whose selects have no pencil, plus and eye beside them: a record is made and changed on its own page."""

    def formfield_for_dbfield(self, db_field: Passed, request: HttpRequest, **kwargs: Passed) -> Answered:
        field: Named = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


class RowForm(RefusingForm):
    """A form among many: what its record was read with is not asked for again."""

    def __init__(self, *args: Passed, **kwargs: Passed) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            select = getattr(field.widget, "widget", field.widget)
            if isinstance(select, LoadedSelect) and self.instance.pk:
                select.loaded = getattr(self.instance, name)


class Rows(PlainForms, admin.TabularInline):
    """Rows on the page of a record; how many there are makes no difference to the number of queries.

    ``read_with``: what the words of a row are made of.
    """

    form = RowForm
    formfield_overrides = TYPED
    extra = 0
    read_with: Sequence[str] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        found = super().get_queryset(request)
        return found.select_related(*self.read_with) if self.read_with else found

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Passed) -> Answered:
        """The choices, read once for all rows; where one is sought instead, as ``LoadedSelect`` does."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = LoadedSelect(db_field, self.admin_site, using=kwargs.get("using"))
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        field: Named = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.choices = cache(partial(_read, field.choices))
        return field


def _read(choices: Iterable[tuple[object, str]]) -> list[tuple[object, str]]:
    """The choices by one statement: a list would count them before."""
    return list(iter(choices))


class AddressedAdmin(admin.ModelAdmin):
    """An admin whose form for a new record takes from its address only what its fields could hold."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        held: dict[str, Any] = {}
        for name, text in super().get_changeform_initial_data(request).items():
            with contextlib.suppress(FieldDoesNotExist, ValidationError):
                field: Named = self.opts.get_field(name)
                if typed := getattr(field, "formfield", lambda: None)():  # what refers to the record has none
                    value = typed.clean(text)
                    held[name] = text if field.is_relation else value
        return held


class RefusingAdmin(PlainForms, AddressedAdmin):
    """An admin in which a rule that only PostgreSQL can judge still answers on the form, with nothing lost."""

    form = RefusingForm
    formfield_overrides = TYPED
    object_history_template = "admin/told_history.html"
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    actions = None

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Passed
    ) -> Answered:
        form: Answered = super().get_form(request, obj, change=change, **kwargs)  # a class of this request alone
        form.refusal = getattr(request, "refusal", None)
        return form

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The history that the database keeps of the record and the rows on its page, old and new in words."""
        record = self.get_object(request, object_id)
        if record is not None and self.has_view_permission(request, record):
            named = ((each.model, str(each.fk_name or self.opts.model_name)) for each in self.inlines)
            rows = [(model, name) for model, name in named if name in {field.name for field in model._meta.fields}]
            extra_context = {"acts": history_of(record, rows=rows), **(extra_context or {})}
        return super().history_view(request, object_id, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Passed, **kwargs: Passed) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DatabaseError as error:
            refusal = from_error(error)
            if refusal is None or hasattr(request, "refusal"):
                raise
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        """Rules over several rows wait until all rows of the form are written; then they are asked."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: ModelForm,
        formsets: Sequence[BaseModelFormSet],
        change: bool,
    ) -> None:
        super().save_related(request, form, formsets, change)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
