"""A PostgreSQL of our own, for a desk that has none: found, initialised, started, watched and stopped."""

from deskbell.embedded.launcher import EmbeddedPostgres
from deskbell.embedded.parts import EmbeddedError

__all__ = ["EmbeddedError", "EmbeddedPostgres"]
