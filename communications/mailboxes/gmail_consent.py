"""A person's leave for tamdash to manage drafts in their Gmail: the page at Google where they give it (OAuth 2.0)."""

from urllib.parse import urlencode

from django.conf import settings

# The least that lets drafts be made. Google has none that leaves out sending; tamdash has no call that does it.
SCOPE = "https://www.googleapis.com/auth/gmail.compose"


def consent_url(state: str, redirect_uri: str) -> str:
    """Google's page. `state` comes back with the answer: the caller keeps it in the person's session, and refuses any other."""
    query = {
        "client_id": settings.GOOGLE_CLIENT_ID,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": SCOPE,
        "access_type": "offline",
        "prompt": "consent",  # without it, Google gives no refresh token the second time
        "state": state,
    }
    return f"{settings.GOOGLE_CONSENT_URL}?{urlencode(query)}"
