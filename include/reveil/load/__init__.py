"""Landing files → raw.

sources, document   read include/sources.yml: which files, how their cells are written
landing             which files lie there, whose they are
text_file, read     a file → text cells with their line
convert             → typed values and what is wrong with a row
merge               → raw, raw.rejects, journal.loads
run, describe       all of it in one transaction, and the report
freshness           whether the sources are still fed
"""

from reveil.load.freshness import Freshness, freshness, origin_of
from reveil.load.run import honour_tracking_consent, load
from reveil.load.sources import Source, Sources, read_sources

__all__ = [
    "Freshness",
    "Source",
    "Sources",
    "freshness",
    "honour_tracking_consent",
    "load",
    "origin_of",
    "read_sources",
]
