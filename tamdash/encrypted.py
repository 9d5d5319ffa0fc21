"""Secrets in the database: encrypted at rest with a key that is derived from TAMDASH_SECRET_KEY."""

import logging
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

logger = logging.getLogger(__name__)


@cache
def cipher(secret_key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tamdash secrets in the database").derive(secret_key.encode())
    return Fernet(urlsafe_b64encode(derived))


class EncryptedTextField(models.TextField[str, str]):
    """Text that the database holds encrypted; an empty one stays empty, so that SQL can ask whether there is any.

    What another key encrypted reads as empty, and is noted in the log: the row stays usable, and the secret is to be entered again.
    """

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        if not value:
            return value
        try:
            return cipher(settings.SECRET_KEY).decrypt(value.encode()).decode()
        except InvalidToken:
            logger.error("A secret in %s was encrypted with another TAMDASH_SECRET_KEY. Enter it again.", self)
            return ""

    def get_prep_value(self, value: Any) -> str | None:
        text: str | None = super().get_prep_value(value)
        return cipher(settings.SECRET_KEY).encrypt(text.encode()).decode() if text else text
