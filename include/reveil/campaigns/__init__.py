"""Campaign files: read, validated, and turned into table rows and messages.

A campaign is one YAML file; its texts stand beside it, one HTML and one plain file per
message and language. Nothing here touches a database or the network.
"""

from reveil.campaigns.files import file_digest, read_campaign, read_campaigns
from reveil.campaigns.schema import Budget, Campaign, Offer, Reaction, SendWindow, Step
from reveil.campaigns.texts import MessageText, find_message, message_texts, substitute

__all__ = [
    "Budget",
    "Campaign",
    "MessageText",
    "Offer",
    "Reaction",
    "SendWindow",
    "Step",
    "file_digest",
    "find_message",
    "message_texts",
    "read_campaign",
    "read_campaigns",
    "substitute",
]
