"""The demo's people. Only three of them can sign in, with a password that everybody knows: in demo mode alone."""

import unicodedata
from dataclasses import dataclass

from accounts.demo.company import dice
from accounts.demo.words import ADMIN, FIRST_NAMES, LAST_NAMES, MANAGER, OWNERS
from accounts.models import Tenant, User
from accounts.onboarding import create_user
from tamdash.sign_in import DEMO_PASSWORD

PASSWORD = DEMO_PASSWORD
BOOK = 150  # accounts a rep looks after, once there are more than the first eight can share


@dataclass(frozen=True)
class People:
    manager: User
    owners: list[User]


def people(tenant: Tenant, accounts: int, seed: int) -> People:
    domain = f"{tenant.slug}.test"
    names = owner_names(max(len(OWNERS), accounts // BOOK), seed)
    rep = create_user(tenant, f"rep@{domain}", "rep", names[0], PASSWORD)
    manager = create_user(tenant, f"manager@{domain}", "manager", MANAGER, PASSWORD)
    create_user(tenant, f"admin@{domain}", "admin", ADMIN, PASSWORD)
    others = []
    for number, name in enumerate(names[1:], 1):
        user = User(tenant=tenant, name=name, email=f"{local_part(name)}{number if number >= len(OWNERS) else ''}@{domain}")
        user.set_unusable_password()
        others.append(user)
    return People(manager, [rep, *User.objects.bulk_create(others, batch_size=1000)])


def owner_names(count: int, seed: int) -> list[str]:
    random = dice("owners", seed)
    more = (f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}" for _ in range(count - len(OWNERS)))
    return [*OWNERS, *more]


def local_part(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return ascii_name.lower().replace(" ", ".")
