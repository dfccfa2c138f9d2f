"""The listmonk adapter: https://listmonk.app, and the sandbox, which speaks the same API.

adapter   what reveil.esp.base asks of a provider
imports   putting subscribers on a list, and our key among their attributes
events    what recipients did
sender    whether messages can leave from our sender
api       the calls themselves
"""

from reveil.esp.listmonk.adapter import Listmonk

__all__ = ["Listmonk"]
