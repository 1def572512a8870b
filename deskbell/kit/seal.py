"""Secrets of others at rest: sealed with a key that is derived from ours, and bound to the place where they stand.

Format: version (1 byte), id of the key (4), nonce (12), AES-256-GCM text with its tag. A row carried to another place,
a changed byte or another key open as nothing.
"""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_INFO = b"deskbell seal v1"
_ID, _NONCE = 4, 12
_HEAD = len(_VERSION) + _ID


class SealError(Exception):
    """It cannot be opened: damaged, moved, or sealed with a key we no longer have."""


class Seal:
    """`secret` seals; the `former` ones still open, so that a key can be changed step by step."""

    def __init__(self, secret: bytes, *former: bytes) -> None:
        keys = [_derive(one) for one in (secret, *former)]
        self._newest = _key_id(keys[0])
        self._keys = {_key_id(key): AESGCM(key) for key in reversed(keys)}

    def seal(self, content: bytes, place: str) -> bytes:
        """`place` names table, row and field; only there it opens again."""
        nonce = os.urandom(_NONCE)
        head = _VERSION + self._newest
        return head + nonce + self._keys[self._newest].encrypt(nonce, content, head + place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises SealError."""
        head, nonce, text = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        key = self._keys.get(head[len(_VERSION) :])
        if head[: len(_VERSION)] != _VERSION or key is None:
            raise SealError("sealed with a key that is not here")
        try:
            return key.decrypt(nonce, text, head + place.encode())
        except (InvalidTag, ValueError):
            raise SealError("damaged, or moved from its place") from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether it was sealed with today's key."""
        return sealed[:_HEAD] == _VERSION + self._newest


def _derive(secret: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(secret)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:_ID]
