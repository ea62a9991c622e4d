"""The few places where no type tells what comes, each with its reason."""

from typing import Any, TypeAlias

# An argument of a method of Django's that we extend: it is handed on as it comes.
Passed: TypeAlias = Any
# What a method of Django's answers under a name that only its stubs have.
Answered: TypeAlias = Any
# An event with the columns of its model, which pghistory adds where no type tells of them.
Recorded: TypeAlias = Any
# A record with what its query has counted beside its columns.
Annotated: TypeAlias = Any
# A field of a model or a form found by its name: of what kind it is, is known where it is asked for.
Named: TypeAlias = Any
# A model that stands upon this one: importing it would be a ring.
Above: TypeAlias = Any
# What a cell of a sheet or a column of a table holds: a number, a word, a day, a record's key.
Held: TypeAlias = Any
