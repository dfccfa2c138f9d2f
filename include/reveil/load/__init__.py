"""Landing files → raw.

    sources.yml ─ sources, document       which files, how their cells are written
    landing folder ─ landing              which files lie there, whose they are, which are new
    a file ─ text_file, read              → text cells with their line
           ─ convert                      → typed values and what is wrong with a row
           ─ merge                        → raw, rejects, the journal
    run                                   all of it in one transaction; describe tells
    freshness                             whether the sources are still fed
"""

from reveil.load.freshness import Freshness, freshness
from reveil.load.run import honour_tracking_consent, load

__all__ = ["Freshness", "freshness", "honour_tracking_consent", "load"]
