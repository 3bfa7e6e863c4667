"""Repair: reversals, reviews, and what a journal says about itself."""

from sync.domain.events.base import Count, Event, Id, Name, Text


class EventReversed(Event, frozen=True, kw_only=True):
    """Every reversible event of act `of` has no effect; the reversal itself cannot be reversed."""

    of: Id
    reason: Text = ""
    order: Name = ""


class DeviationReviewed(Event, frozen=True, kw_only=True):
    deviation: Name
    of: Id
    verdict: Text = ""


class JournalSalvaged(Event, frozen=True, kw_only=True):
    old_origin: Name
    old_seq: Count
    old_digest: Name
    missing: Count


class ClockJumped(Event, frozen=True, kw_only=True):
    """The wall clock left the boot clock by so many seconds."""

    seconds: int
