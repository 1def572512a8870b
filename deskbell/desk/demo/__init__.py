"""The demo: a lively desk to look at, filled in once (OPS-1)."""

from deskbell.desk.demo.fill import fill, is_there
from deskbell.desk.demo.people import PASSWORD, SIGN_INS, SITE_KEY

__all__ = ["PASSWORD", "SIGN_INS", "SITE_KEY", "fill", "is_there"]
