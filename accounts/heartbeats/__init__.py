"""Heartbeats of customers' integrations: one at a time at `/ping/<uuid>`, up to a thousand a call through the API.

What they say of features and environment is kept apart from them, and brought into the profile by `profile.apply_waiting`.
"""

from accounts.heartbeats.many import MOST, Beat, Recorded, record
from accounts.heartbeats.one import address, ping
from accounts.heartbeats.told import Told

__all__ = ["MOST", "Beat", "Recorded", "Told", "address", "ping", "record"]
