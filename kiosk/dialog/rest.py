"""What the band says at rest, and what every answer tells beside its own facts."""

from dataclasses import replace

from kiosk.dialog import handover, packing, people, questions, trouble
from kiosk.dialog.acts import said
from kiosk.dialog.state import FOLLOWS, Dialog, Moment, Notice
from kiosk.dialog.steps import current, done_quantity, elapsed, following
from sync.domain.rules_base import amount, order_facts
from sync.domain.shop import Shop


def settled(dialog: Dialog, shop: Shop, now: Moment) -> Notice:
    """What the band says at rest."""
    dialog = replace(dialog, today=dialog.today or now.today.isoformat())
    asked = questions.question(dialog, shop)
    if asked is not None:
        return asked
    open_handover = handover.question(dialog, shop)
    if open_handover is not None:
        return told(dialog, shop, open_handover)
    stands = packing.at_rest(dialog, shop) or trouble.at_rest(dialog, shop, now)
    if stands is not None:
        return told(dialog, shop, stands)
    here = current(dialog, shop)
    if here is None:
        return _at_rest(dialog, shop)
    facts = {
        **order_facts(shop, here.order.number),
        "left": done_quantity(dialog, shop),
        "good": amount(here.order.good_at(here.operation), here.order.unit or "C62"),
        "planned": amount(here.order.planned, here.order.unit or "C62"),
    }
    if here.in_setup and here.start is not None:
        facts["clock"] = elapsed(here.start, dialog.workplace.station, now)
        facts["setup"] = here.setup_planned
    going = "order_setup" if here.in_setup else "order_open"
    running = "order_paused" if here.pause is not None else going
    text = running if dialog.person is not None else "order_running"
    return told(dialog, shop, said("rest", text, **facts))


def told(dialog: Dialog, shop: Shop, notice: Notice) -> Notice:
    """The answer with what every answer tells: the current order and who works."""
    here = shop.orders.get(dialog.order or "")
    key = notice.next
    more: dict[str, str] = {}
    if notice.next == FOLLOWS:
        other = handover.following(dialog, shop) or packing.following(dialog, shop)
        key, more = other or following(dialog, shop)
    base = {
        "current": dialog.order or "",
        "order": dialog.order or "",
        "product": order_facts(shop, here.number)["product"] if here is not None else "",
        "person": people.name_of(shop, dialog.person),
        "station": dialog.workplace.station,
    }
    facts = {**base, **more, **notice.facts, "current": base["current"]}
    return replace(notice, facts=facts, next=key)


def _at_rest(dialog: Dialog, shop: Shop) -> Notice:
    centers = ", ".join(dialog.workplace.work_centers) or dialog.workplace.station
    facts = {"work_centers": centers, "heard": dialog.heard, "station": dialog.workplace.station}
    if dialog.person is None:
        return told(dialog, shop, said("rest", "nobody", **facts))
    key, more = following(dialog, shop)  # asked once: the whole queue is looked through
    text = "choose_order"
    if key == "empty":
        text = "queue_empty" if dialog.online else "queue_empty_offline"
        text = text if dialog.heard else "queue_empty_never"
    return told(dialog, shop, Notice("rest", text, {**facts, **more}, key))
