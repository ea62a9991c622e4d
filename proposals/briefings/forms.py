"""What a person types to freeze a board."""

from django import forms

from aspire.records import RefusingForm
from proposals.record.models import Briefing


class FreezeForm(RefusingForm):
    """The name and the address under which the board is kept."""

    code = forms.SlugField(label=Briefing._meta.get_field("code").verbose_name, max_length=60)

    class Meta:
        model = Briefing
        fields = ["name_ja", "name_en", "code"]
