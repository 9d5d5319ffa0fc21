from accounts.models.backtest import Backtest, BacktestDay
from accounts.models.change import PortfolioChange
from accounts.models.escalation import Escalation, EscalationEvent
from accounts.models.forecast import Forecast, Opinion
from accounts.models.health import AccountHealth, HealthSnapshot, ScanRun, ScoringPolicy
from accounts.models.notification import ChannelSettings, Notification
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
from accounts.models.signals import Heartbeat, HeartbeatDay, Ticket, TicketSource

__all__ = [
    "Account",
    "AccountHealth",
    "Backtest",
    "BacktestDay",
    "ChannelSettings",
    "CoDevOpportunity",
    "CommunicationHistory",
    "EnvironmentItem",
    "Escalation",
    "EscalationEvent",
    "FeatureAdoption",
    "Forecast",
    "HealthSnapshot",
    "Heartbeat",
    "HeartbeatDay",
    "Integration",
    "Notification",
    "Opinion",
    "PortfolioChange",
    "ScanRun",
    "ScoringPolicy",
    "Stakeholder",
    "Tenant",
    "Ticket",
    "TicketSource",
    "User",
]
