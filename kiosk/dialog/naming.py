"""Labels that tell half of it: an article whose lot comes with the next scan, a lot of several."""

from dataclasses import replace

from kiosk.dialog import entry
from kiosk.dialog.acts import stop
from kiosk.dialog.measure import Item
from kiosk.dialog.state import Asking, Dialog, Moment, Notice, Turn
from labels.codes import Code, CodeError, CommandCode, DigitCode, LotCode, MaterialCode
from sync.domain.needs import LineState
from sync.domain.rules_base import fetch_facts, line_name, material_name
from sync.domain.shop import Shop


def unclear(dialog: Dialog, shop: Shop, item: Item) -> Turn | None:
    """Why nobody can tell which article a label is of; None: it is clear."""
    facts = {"name": material_name(shop, item.material) or item.lot, "lot": item.lot or item.serial}
    if item.gtin and item.material:
        known = shop.material_of_gtin(item.gtin)
        other = known.name if known is not None else item.gtin
        return stop(dialog, "gtin_other", **facts, other=other, gtin=item.gtin)
    if item.gtin:
        return stop(dialog, "gtin_unknown", **facts, gtin=item.gtin)
    if item.several:
        first, other = (material_name(shop, one) for one in item.several[:2])
        return stop(dialog, "lot_several", **facts, first=first, other=other)
    if not item.material:
        return stop(dialog, "lot_nameless", **facts)
    return None


def ask_lot(dialog: Dialog, shop: Shop, now: Moment, item: Item, line: LineState) -> Turn:
    """An article that is tracked by lot: it waits for the scan that tells the lot."""
    name = line_name(shop, line.line)
    if line.line.material != item.material:
        name = material_name(shop, item.material)
    fetch = fetch_facts(shop, item.material, dialog.today)
    facts = {"name": name, "material": item.material, **fetch}
    text = "which_lot" if fetch["fetch_lot"] else "which_lot_any"
    notice = Notice("ask", text, facts)
    asking = Asking("lot", notice, now.mono, of=item.material, label=item.serial)
    return Turn(replace(dialog, asking=asking, body="order"), notice=notice)


def whole(
    dialog: Dialog, shop: Shop, now: Moment, given: Code | CodeError
) -> Turn | LotCode | None:
    """What a code means while a lot is asked for: the lot with its article, else an answer.

    None: the article is dropped, the code is taken by itself.
    """
    asking = dialog.asking
    assert asking is not None, "a lot that nobody asked for"
    match given:
        case LotCode():
            return _of_article(dialog, shop, asking, given)
        case MaterialCode() if _article(shop, given) == asking.of and not given.serial:
            return Turn(dialog, notice=asking.notice)
        case DigitCode(digit):
            return entry.digit(dialog, shop, now, digit)
        case CommandCode("OK"):
            return Turn(dialog, notice=replace(asking.notice, kind="stop"), refused=True)
        case CodeError():
            return stop(dialog, "unreadable")
        case _:
            return None


def _of_article(dialog: Dialog, shop: Shop, asking: Asking, code: LotCode) -> Turn | LotCode | None:
    told = _article(shop, code)
    if told and told != asking.of:
        return None  # a whole label of another article says what it is by itself
    if code.gtin and not told:
        facts = {"lot": code.lot, "gtin": code.gtin, "name": code.lot}
        return stop(dialog, "gtin_unknown", **facts)
    others = [one.material for one in shop.lots_named(code.lot)]
    if not told and others and asking.of not in others:
        facts = {
            **asking.notice.facts,
            "lot": code.lot,
            "other": material_name(shop, others[0]),
        }
        return stop(dialog, "lot_of_other", **facts)
    return replace(code, material=asking.of, gtin=None, serial=code.serial or asking.label or None)


def _article(shop: Shop, code: LotCode | MaterialCode) -> str:
    if code.material:
        return code.material
    known = shop.material_of_gtin(code.gtin) if code.gtin else None
    return known.material if known is not None else ""
