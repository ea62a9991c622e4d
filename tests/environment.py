"""Declares, before Django reads its settings, that the suite runs as a local instance."""

import os
from pathlib import Path

os.environ["ASPIRE_MODE"] = "local"
# Beside the databases that runs share: a document lies under its own fingerprint, so that none is in another's way.
os.environ.setdefault("DOCUMENTS_FOLDER", str(Path(__file__).parent.parent / "var" / "documents-of-tests"))
