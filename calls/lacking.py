"""What a call still lacks to be worked with: said where it is saved and on its board."""

from django.db.models import Exists, Model, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from calls.models import Call, CallField, Criterion, EligibleFunder, Terms

PARTS: list[tuple[type[Model], Promise]] = [
    (Terms, _("Terms are missing. Without them no proposal can be logged for this call: add them to its record.")),
    (CallField, _("No field is listed, so proposals of every field are taken. List those that the call asks for.")),
    (
        EligibleFunder,
        _("No funder is listed as eligible, so partners of any funder are taken. List those that the call accepts."),
    ),
    (Criterion, _("No criterion is listed, so nothing can be scored in review. List them before the call closes.")),
]


WINDOW = _("The window is not set, so the call is in preparation and takes no proposals: set when it opens and closes.")


def checklist(call: Call) -> list[tuple[str, str]]:
    """What the opening of a call needs: the name of each part, and a sentence where it is missing."""
    found = [(str(_("window")), "" if call.opens_at and call.closes_at else str(WINDOW))]
    missing = set(lacking(call))
    return found + [
        (str(model._meta.verbose_name_plural), sentence if sentence in missing else "")
        for model, sentence in ((model, str(sentence)) for model, sentence in PARTS)
    ]


def lacking(call: Call) -> list[str]:
    """A sentence for each part that is missing, with what follows from it and what to do; none of a released call."""
    if call.progress == Call.Progress.RELEASED:
        return []
    there = {model.__name__: Exists(model.objects.filter(call=OuterRef("pk"))) for model, _sentence in PARTS}  # type: ignore[attr-defined]
    found = Call.objects.filter(pk=call.pk).values_list(*there.values()).get()
    return [str(sentence) for (_model, sentence), is_there in zip(PARTS, found, strict=True) if not is_there]
