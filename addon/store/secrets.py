"""Secrets at rest: sealed with keys of the operator, bound to the tenant they belong to."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hmac import compare_digest

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from addon.errors import Misconfigured

MIN_KEY_LENGTH = 32
_PURPOSE = b"jiravision sealed secrets, first edition"


class SealBroken(Misconfigured):
    """What is stored was sealed with a key we do not have, for another owner, or was altered."""

    code = "secret_unreadable"
    # The site that calls did nothing wrong, and its call is worth repeating once the operator has mended this.
    status = 503

    def __init__(self) -> None:
        super().__init__(
            "What is stored for this site cannot be read: APP_SECRET_KEY lacks the key it was sealed with."
            " The operator finds more with `jiravision doctor`."
        )


class Seals:
    """Seals with the first key, opens with any.

    keys: at least one, each at least 32 characters of any text. Raises Misconfigured otherwise.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or any(len(key) < MIN_KEY_LENGTH for key in keys):
            raise Misconfigured(
                f"APP_SECRET_KEY: every comma-separated part needs at least {MIN_KEY_LENGTH} characters"
            )
        every = [Fernet(_derived(key)) for key in keys]
        self._first, self._fernet = MultiFernet(every[:1]), MultiFernet(every)

    def __repr__(self) -> str:
        return "Seals(...)"

    def seal(self, text: str, owner: str) -> bytes:
        """owner: the tenant's id; only `open` with the same one succeeds."""
        return self._fernet.encrypt(json.dumps([owner, text]).encode())

    def open(self, sealed: bytes, owner: str) -> str:
        """Raises SealBroken."""
        return _opened(self._fernet, sealed, owner=owner)

    def newest(self, sealed: bytes, owner: str) -> bool:
        """Whether the first key sealed it, and no older one has to be kept for it."""
        try:
            _opened(self._first, sealed, owner=owner)
        except SealBroken:
            return False
        return True

    def renew(self, sealed: bytes, owner: str) -> bytes:
        """The same secret under the first key, so that older keys can be dropped. Raises SealBroken."""
        return self.seal(self.open(sealed, owner), owner)


def _derived(key: str) -> bytes:
    return urlsafe_b64encode(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode()))


def _opened(fernet: MultiFernet, sealed: bytes, *, owner: str) -> str:
    try:
        found, text = json.loads(fernet.decrypt(bytes(sealed)))
    except InvalidToken:
        raise SealBroken from None
    if not compare_digest(str(found).encode(), owner.encode()):
        raise SealBroken
    return str(text)
