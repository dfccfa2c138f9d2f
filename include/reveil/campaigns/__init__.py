"""Campaign files: read, validated, and turned into table rows and messages.

A campaign is one YAML file; its texts stand beside it, one HTML and one plain file per
message and language. Nothing here touches a database or the network.
"""

from reveil.campaigns.files import find_campaign, read_campaigns
from reveil.campaigns.schema import Blackout, Budget, Campaign, Offer, Reaction, SendWindow, Step
from reveil.campaigns.texts import MessageText, file_digest, find_message, message_texts, substitute

__all__ = [
    "Blackout",
    "Budget",
    "Campaign",
    "MessageText",
    "Offer",
    "Reaction",
    "SendWindow",
    "Step",
    "file_digest",
    "find_campaign",
    "find_message",
    "message_texts",
    "read_campaigns",
    "substitute",
]
