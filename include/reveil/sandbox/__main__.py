"""`python -m reveil.sandbox FOLDER [--port N] [--clock INSTANT]`"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from reveil.errors import ReveilError
from reveil.sandbox.server import serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reveil.sandbox", description="The embedded e-mail provider.")
    parser.add_argument("folder", type=Path, help="where its state is kept")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--clock", type=datetime.fromisoformat, help="move its clock forward to this instant (UTC)")
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when stdin ends")
    given = parser.parse_args()
    try:
        serve(given.folder, given.port, clock=given.clock, stop_with_stdin=given.stop_with_stdin)
    except ReveilError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


sys.exit(main())
