"""A process that previews and saves one file and takes it back: ``python -m tests.bench.memory DATABASE CALL FILE``."""

import resource
import sys
from pathlib import Path

import django
from django.db import connection

KIB_IN_MIB = 1024


def peak_mib() -> int:
    """The most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIB_IN_MIB


def main(database: str, code: str, file: Path) -> None:
    django.setup()
    connection.settings_dict["NAME"] = database
    from calls.models import Call
    from proposals.intake.contract import Contract
    from tests.bench.imports import as_csv, content, through_us

    call = Call.objects.get(code=code)
    through_us(call, as_csv(content(Contract(call), 1)), "one.csv")()
    idle = peak_mib()
    through_us(call, file.read_bytes(), file.name)()
    sys.stdout.write(f"{idle} {peak_mib()}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
