"""The WSGI entry point for gunicorn: ``gunicorn aspire.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aspire.settings")
application = get_wsgi_application()
