"""The WSGI entry point for gunicorn: ``gunicorn aspire.wsgi``."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

APP_LOAD_ERROR = 4  # gunicorn stops at this exit code instead of starting the worker again

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aspire.settings")
try:
    from aspire.operations import server as web  # what it imports reads the settings

    application = web.application()
except (ImproperlyConfigured, EnvError) as error:
    sys.stderr.write(f"ASPIRE does not start: {error}\n")
    sys.exit(APP_LOAD_ERROR)
