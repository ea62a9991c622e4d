"""What was said stays said."""

import pgtrigger

from aspire.rules import Rule

briefings_stay = [
    Rule(
        name="briefing_stays",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func="PERFORM aspire_refuse('briefing_stays', '{}'); RETURN NULL;",
    )
]
