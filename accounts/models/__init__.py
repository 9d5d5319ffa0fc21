from accounts.models.change import PortfolioChange
from accounts.models.escalation import Escalation, EscalationEvent
from accounts.models.health import AccountHealth, HealthSnapshot, ScanRun, ScoringPolicy
from accounts.models.people import Tenant, User
from accounts.models.profile import (
    Account,
    CoDevOpportunity,
    CommunicationHistory,
    EnvironmentItem,
    FeatureAdoption,
    Integration,
    Stakeholder,
)
from accounts.models.signals import Heartbeat, HeartbeatDay, Ticket

__all__ = [
    "Account",
    "AccountHealth",
    "CoDevOpportunity",
    "CommunicationHistory",
    "EnvironmentItem",
    "Escalation",
    "EscalationEvent",
    "FeatureAdoption",
    "HealthSnapshot",
    "Heartbeat",
    "HeartbeatDay",
    "Integration",
    "PortfolioChange",
    "ScanRun",
    "ScoringPolicy",
    "Stakeholder",
    "Tenant",
    "Ticket",
    "User",
]
