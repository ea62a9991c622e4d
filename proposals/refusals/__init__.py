"""What we say when a rule about proposals refuses."""

from proposals.refusals import amounts, packets, proposals, reviews  # noqa: F401 - importing declares the sentences
