"""Whose personal data is due for erasure. The erasure itself is not built yet: nothing is deleted here."""

from reveil.erasure.due import due_list

__all__ = ["due_list"]
