"""The command line: the same verbs as the DAGs.

Exit codes: 0 done, 1 a check or guard said no, 2 bad use or bad input.
"""

from reveil.cli import commands, erasure
from reveil.cli.frame import main

__all__ = ["commands", "erasure", "main"]
