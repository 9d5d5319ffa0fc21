"""A fixed cast: two tenants, and in the first a rep, another rep, a manager and an admin."""

from dataclasses import dataclass

import pytest
from django.db import connection
from hypothesis import settings as hypothesis
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Tenant, User
from tests import make
from tests.browser import browser_type_launch_args, pytest_collection_modifyitems, rep, site, tenant, worker
from tests.event_stream import stream
from tests.fake_gmail import fake_gmail
from tests.fake_notion import notion_workspace
from tests.imap_server import dovecot, imap_server
from tests.mail_server import mail_server
from tests.messages import told
from tests.own_redis import own_redis, own_redis_server

__all__ = [
    "browser_type_launch_args",
    "dovecot",
    "fake_gmail",
    "imap_server",
    "mail_server",
    "notion_workspace",
    "own_redis",
    "own_redis_server",
    "pytest_collection_modifyitems",
    "rep",
    "site",
    "stream",
    "tenant",
    "told",
    "worker",
]


# A busy machine is no failure.
hypothesis.register_profile("tamdash", deadline=None)
hypothesis.load_profile("tamdash")


UNCOUNTED = """
DO $$ DECLARE each regclass; BEGIN
    FOR each IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', each);
    END LOOP;
END $$"""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Left to itself the server counts tables now and then, finds none of the rows that a test has not committed, and plans for none."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(UNCOUNTED)


@dataclass(frozen=True)
class Cast:
    tenant: Tenant
    rep: User
    other_rep: User
    manager: User
    admin: User
    stranger: User  # a manager of another tenant


@pytest.fixture
def cast(db: None) -> Cast:
    tenant, elsewhere = make.tenant("north"), make.tenant("south")
    people = make.users(
        (tenant, "rep", "Rita Rep"),
        (tenant, "rep", "Otto Other"),
        (tenant, "manager", "Mona Manager"),
        (tenant, "admin", "Ada Admin"),
        (elsewhere, "manager", "Stan Stranger"),
    )
    return Cast(tenant, *people)


@pytest.fixture(autouse=True)
def quick_and_plain(settings: Settings) -> None:
    """Passwords that are cheap to hash, and static files as they lie in the tree, which no test client reads beforehand."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.WHITENOISE_AUTOREFRESH = True
