"""Whatever other software sends, and however many send at once, a profile's update is whole or refused."""

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, EnvironmentItem, Stakeholder
from accounts.profile_updates import InvalidUpdates, merge
from tests import make
from tests.test_profile_updates import account

__all__ = ["account"]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "role", "since", "x\ud800"]), inner, max_size=3),
    max_leaves=6,
)
fields = ["stakeholders", "integrations", "feature_adoption", "customer_environment", "remove", "\ud800", "account_name"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(updates=anything | st.dictionaries(st.sampled_from(fields), anything, max_size=4))
def test_whatever_is_sent_is_merged_or_refused_in_words(account: Account, updates: Any) -> None:
    refused: list[str] = []
    try:
        merge(account, updates, "Sales agent")
    except InvalidUpdates as error:
        refused = error.issues or ["no reason"]
    assert all(issue.endswith(".") and issue.isprintable() for issue in refused)


@pytest.mark.django_db(transaction=True)
def test_two_updates_at_once_are_both_kept() -> None:
    account, start = make.account(make.tenant()), Barrier(4)

    def ask(number: int) -> None:
        start.wait()
        entry = {"name": "Nora", "role": "CTO"} | ({"notes": "Knows EDI"} if number % 2 else {})
        merge(account, {"stakeholders": [entry], "customer_environment": [f"Fact {number}"]}, f"Agent {number}")
        connection.close()

    threads = [Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert EnvironmentItem.objects.filter(account=account).count() == 4
    assert (Stakeholder.objects.get().role, Stakeholder.objects.get().notes) == ("CTO", "Knows EDI")
