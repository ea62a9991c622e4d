"""How an administrator gives out accounts and roles."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """Accounts: an administrator gives them out and puts people into their roles."""

    list_display = ["username", "last_name", "first_name", "is_active"]
    list_filter = ["groups", "is_active"]
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

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(is_superuser=False)


admin.site.unregister(User)
admin.site.register(User, PersonAdmin)
