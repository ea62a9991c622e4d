"""What we say when a rule about proposals refuses."""

from proposals.refusals import awards, proposals  # noqa: F401 - importing declares the sentences
