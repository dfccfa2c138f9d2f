"""Landing files from real purchase logs, for a warehouse that does not exist yet.

The orders are real; addresses, names, consents, logins, newsletters and their opens are
synthetic: docs/samples.md says what is which.
"""
