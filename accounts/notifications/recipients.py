"""Who may be told: people of the tenant who still work there, and never an address that belongs to a customer."""

from django.db.models import QuerySet
from django.db.models.functions import Lower

from accounts.models import Account, Stakeholder, User

# The same rule over all people of a tenant; `outbox` joins it. Counted, so that each is looked up by the index of addresses:
# NOT EXISTS would be planned as a join with all customers.
ELIGIBLE = """
    SELECT person.id, person.role, person.chat_url <> '' AS has_chat, person.wants_morning_digest
    FROM accounts_user person
    WHERE person.tenant_id = %(tenant)s AND person.is_active AND 0 = (
        SELECT count(*) FROM accounts_stakeholder stakeholder JOIN accounts_account account ON account.id = stakeholder.account_id
        WHERE lower(stakeholder.email) = lower(person.email) AND stakeholder.email <> '' AND account.tenant_id = %(tenant)s)"""


def person_at(address: str, account: Account) -> User | None:
    """Of the tenant that the account is a customer of: whose own the address is, in whatever case it is written."""
    people = User.objects.filter(tenant=account.tenant_id).alias(address=Lower("email"))
    return people.filter(address=address.lower()).first() if address else None


def stakeholders_at(address: str, tenant_id: int) -> QuerySet[Stakeholder]:
    """The tenant's customers with that address, in whatever case it is written."""
    known = Stakeholder.objects.filter(account__tenant=tenant_id).exclude(email="").alias(address=Lower("email"))
    found: QuerySet[Stakeholder] = known.filter(address=address.lower())
    return found


def refusal(person: User, tenant_id: int) -> str:
    """Why this person may not be told anything of the tenant; empty if they may."""
    if person.tenant_id != tenant_id:
        return "Its recipient is not of this tenant."
    if not person.is_active:
        return f"{person} is no longer active."
    if stakeholders_at(person.email, tenant_id).exists():
        return f"{person.email} is a customer's address."
    return ""
