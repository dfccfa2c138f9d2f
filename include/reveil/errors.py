"""What may go wrong, as the command line's exit codes tell it.

ReveilError
├── BadInput      exit 2: a file, setting or argument is wrong; somebody must correct it
└── Refused       exit 1: a check or guard said no; nothing was done
    ├── Busy             exit 1: somebody else holds a lock; the same may pass later
    └── NeedsApproval    exit 1: a person has to look first
"""

from __future__ import annotations


class ReveilError(Exception):
    """An error whose text is for people and holds no personal data."""

    exit_code = 1


class BadInput(ReveilError):
    """A file, a setting or an argument is wrong. The text names it and says what to do."""

    exit_code = 2


class Refused(ReveilError):
    """A check, a guard or a lock said no. Nothing was done."""

    exit_code = 1


class Busy(Refused):
    """Another process holds what is needed. Nothing was done; try again later."""


class NeedsApproval(Refused):
    """A person has to look at what would be done, and say so. Nothing was done."""
