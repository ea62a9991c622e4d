"""The models of this app, where Django looks for them."""

from proposals.record.models import *  # noqa: F403
