"""Which paper an alert is about. Ids of sources are only unique within a community; links are everywhere the same."""

import hashlib
import json

from bot.domain.cards import Source
from bot.domain.curation import SourceAlert

RETRACTION = "retraction"
CORRECTION = "correction"
CONCERN = "expression of concern"


def about(source: Source, message: str) -> str:
    """The detail of an alert on a source: its link, and what a registry says."""
    return f"{source.link}: {message}"


def is_about(alert: SourceAlert, source: Source) -> bool:
    """Whether the alert is on this very record, and not on another community's of the same id."""
    return alert.source_id == source.id and alert.detail.startswith(f"{source.link}: ")


def message_of(alert: SourceAlert) -> str:
    """What the registry says, without the link to the source."""
    return alert.detail.partition(": ")[2]


def key_of(alert: SourceAlert) -> str:
    """16 hex digits that stand for the alert in a control."""
    said = json.dumps([alert.source_id, alert.kind, alert.detail])
    return hashlib.sha256(said.encode()).hexdigest()[:16]
