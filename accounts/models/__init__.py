from accounts.models.api import ApiToken, IdempotentAnswer
from accounts.models.backtest import Backtest, BacktestDay
from accounts.models.change import PortfolioChange
from accounts.models.escalation import Escalation, EscalationEvent
from accounts.models.forecast import Forecast, Opinion
from accounts.models.health import AccountHealth, HealthSnapshot, ScanRun, ScoringPolicy
from accounts.models.inbound import (
    AccountKey,
    HookToken,
    InboundEvent,
    JiraConnection,
    SourceMapping,
    StagedTicket,
    TicketImport,
    TicketImportPart,
)
from accounts.models.notification import ChannelSettings, Notification
from accounts.models.people import Tenant, User
from accounts.models.profile import (
    Account,
    CoDevOpportunity,
    CommunicationHistory,
    EnvironmentItem,
    FeatureAdoption,
    Integration,
    ProfileChange,
    Stakeholder,
)
from accounts.models.signals import Heartbeat, HeartbeatDay, HeartbeatReport, Ticket, TicketSource
from accounts.models.ticket_history import EarlierInterval, OpenInterval, TicketState

__all__ = [
    "Account",
    "AccountHealth",
    "AccountKey",
    "ApiToken",
    "Backtest",
    "BacktestDay",
    "ChannelSettings",
    "CoDevOpportunity",
    "CommunicationHistory",
    "EarlierInterval",
    "EnvironmentItem",
    "Escalation",
    "EscalationEvent",
    "FeatureAdoption",
    "Forecast",
    "HealthSnapshot",
    "Heartbeat",
    "HeartbeatDay",
    "HeartbeatReport",
    "HookToken",
    "IdempotentAnswer",
    "InboundEvent",
    "Integration",
    "JiraConnection",
    "Notification",
    "OpenInterval",
    "Opinion",
    "PortfolioChange",
    "ProfileChange",
    "ScanRun",
    "ScoringPolicy",
    "SourceMapping",
    "StagedTicket",
    "Stakeholder",
    "Tenant",
    "Ticket",
    "TicketImport",
    "TicketImportPart",
    "TicketSource",
    "TicketState",
    "User",
]
