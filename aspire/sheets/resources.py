"""Which value of a record stands in which column: the mapping of django-import-export, with typed cells."""

from typing import Any

from import_export import fields, resources, widgets

from aspire.workbooks.markup import Value


class TypedWidget(widgets.Widget):
    """A cell keeps its type: a day stays a day, yen stay a number."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Value:
        typed: Value = value
        return typed


def column(name: str, attribute: str, kind: type[fields.Field] = fields.Field) -> Any:
    """The column of that name, which shows that attribute."""
    return kind(column_name=name, attribute=attribute, widget=TypedWidget())


class TypedResource(resources.ModelResource):
    """A mapping that is only read: what is written goes through a plan."""

    def values(self, record: Any) -> dict[str, Value]:
        """A record's values by column name."""
        return {name: self.export_field(self.fields[name], record) for name in self.fields}
