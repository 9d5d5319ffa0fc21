"""Where mail goes, as one address."""

from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def mail(url: str) -> dict[str, Any]:
    """Django's mail settings from `smtp://user:password@host:port`, `smtps://` (TLS at once), `smtp+tls://` (STARTTLS) or `file:///directory`."""
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
        return {"EMAIL_BACKEND": "tamdash.mail_files.EmailBackend", "EMAIL_FILE_PATH": unquote(parts.path)}
    ports = {"smtp": 25, "smtps": 465, "smtp+tls": 587}
    try:
        known = parts.scheme in ports and parts.hostname and (parts.port or True)
    except ValueError:  # the words of which repeat what may be the password
        known = False
    if not known:
        raise ImproperlyConfigured(
            "TAMDASH_EMAIL_URL is smtp://, smtps:// or smtp+tls:// with user:password@host:port, or file:///directory. "
            "A user or password with special characters is percent-encoded."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
    }
