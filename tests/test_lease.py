"""A lease is renewed beside the work, and no longer where the work hangs."""

import time

import pytest

from tamdash import lease


def test_what_hangs_is_held_for_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWED_EVERY", 0.01)
    renewals: list[float] = []
    began = time.monotonic()
    with lease.renewed(lambda: renewals.append(time.monotonic() - began), longest=0.1):
        time.sleep(0.3)
    assert len(renewals) > 1
    assert max(renewals) < 0.2
