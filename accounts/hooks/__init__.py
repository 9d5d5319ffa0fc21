"""Webhooks: what ticket systems tell on their own. `receiving` stores what comes, `processing` reads it into tickets."""
