"""Whose personal data is due for erasure, and the erasure itself, with its proof."""

from reveil.erasure.due import due_list
from reveil.erasure.ledger import certificate
from reveil.erasure.on_demand import verify_now
from reveil.erasure.run import erase, kinds_of_night

__all__ = ["certificate", "due_list", "erase", "kinds_of_night", "verify_now"]
