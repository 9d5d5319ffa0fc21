"""Drafts and what they come from: how they were written, reviewed, placed in a mailbox, and what is learned from them."""

from communications.models.draft import Communication, CommunicationEvent, CommunicationQuerySet, CommunicationRevision
from communications.models.handoff import Handoff, TaskItem, TaskRun
from communications.models.mailbox import Mailbox, Placement
from communications.models.release import Release, RoadmapItem
from communications.models.review import Approval, Confirmation
from communications.models.rhythm import RhythmRun
from communications.models.style import StyleChange, StyleRule
from communications.models.writing import Generation, ModelCircuit, ModelUse

__all__ = [
    "Approval",
    "Communication",
    "CommunicationEvent",
    "CommunicationQuerySet",
    "CommunicationRevision",
    "Confirmation",
    "Generation",
    "Handoff",
    "Mailbox",
    "ModelCircuit",
    "ModelUse",
    "Placement",
    "Release",
    "RhythmRun",
    "RoadmapItem",
    "StyleChange",
    "StyleRule",
    "TaskItem",
    "TaskRun",
]
