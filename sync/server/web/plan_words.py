"""The home of the plan's sentences: why something begins then, what an order waits for."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sync.server.planning.calendar import DAY_SECONDS
from sync.server.planning.explain import Lost
from sync.server.planning.schedule import Reason, Slot
from sync.server.planning.supply import Peg, Proposal
from sync.server.views.plan import PlanView
from sync.server.web import shown
from sync.server.web.texts import translator

NAMED_MAX: Final = 4
DAYS_TOLD_MIN: Final = 2


@dataclass(frozen=True, slots=True)
class Words:
    """The plan in a language."""

    plan: PlanView
    language: str

    def say(self, key: str, /, **values: object) -> str:
        return translator(self.language)(f"plan.{key}", **values)

    def day(self, day: date) -> str:
        return shown.day(day.isoformat(), self.plan.today, self.language)

    def at(self, moment: datetime) -> str:
        """A moment as people say it: today 08:40, Tue 24 Nov 06:00."""
        return f"{self.day(moment.date())} {moment:%H:%M}"

    def duration(self, seconds: float) -> str:
        """How long; what takes days in days."""
        days = round(seconds / DAY_SECONDS)
        if days >= DAYS_TOLD_MIN:
            return self.say("days", count=days)
        return shown.duration(seconds, self.language)

    def center(self, key: str) -> str:
        """A work center by its name."""
        known = self.plan.known.centers.get(key)
        return known.name if known is not None and known.name else key

    def material(self, key: str) -> str:
        known = self.plan.known.book.materials.get(key)
        return known.name if known is not None and known.name else key

    def because(self, slot: Slot) -> str:
        """`starts Tue 24 Nov 08:40 because work center 3 is full until then (B-1)`."""
        if slot.begun:
            return self.say("why.begun")
        return self.reason(slot.reason, slot)

    def reason(self, reason: Reason, slot: Slot) -> str:
        return self.say(
            f"why.{reason.kind}",
            at=self.at(slot.begins),
            until=self.at(reason.until),
            by=self.named(reason.kind, reason.by),
            center=self.center(slot.work_center),
        )

    def named(self, kind: str, by: str) -> str:
        """What a reason is about, by its human name."""
        if kind == "material":
            return self.material(by)
        return self.center(by) if kind == "calendar" else by

    def lost(self, lost: Lost) -> str:
        """For what an order stands still longest."""
        return self.say(
            f"lost.{lost.kind}",
            time=self.duration(lost.seconds),
            by=self.named(lost.kind, lost.by),
            center=self.center(lost.work_center),
        )

    def unplaced(self, reason: Reason) -> str:
        """Why an order has no place in the plan."""
        return self.say(f"unplaced.{reason.kind}", by=self.named(reason.kind, reason.by))

    def proposed(self, proposal: Proposal) -> str:
        """Why an order is proposed."""
        named = ", ".join(proposal.wants[:NAMED_MAX])
        more = len(proposal.wants) - NAMED_MAX
        if more > 0:
            named = self.say("and_more", named=named, count=more)
        key = f"proposed.{proposal.why if proposal.wants else 'reorder'}"
        return self.say(key, named=named, due=self.day(proposal.due))

    def peg(self, peg: Peg) -> str:
        """Where a part of something wanted comes from."""
        return self.say(f"peg.{peg.kind}", key=peg.key, day=self.day(peg.day))
