#!/usr/bin/env python
"""Django's command line for ASPIRE."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error
from environs import EnvError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aspire.settings")
    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, EnvError) as error:
        sys.exit(f"ASPIRE does not start: {error}")
    except Error as error:
        from aspire.operations import unavailable  # whose pages need the settings

        if not unavailable.reason_of(error):
            raise
        sys.exit(f"ASPIRE stops: {unavailable.told(error)}")
