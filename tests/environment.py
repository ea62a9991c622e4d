"""Declares, before Django reads its settings, that the suite runs as a local instance."""

import os

os.environ["ASPIRE_MODE"] = "local"
