"""What biip, another parser of GS1 messages, makes of an element string."""

import biip

from labels.gs1 import Element


def biip_reads(text: str) -> tuple[Element, ...] | None:
    """The elements that biip finds, each once; None where it tells of any error."""
    try:
        message = biip.parse(text).gs1_message
    except biip.ParseError:
        return None
    if message is None:
        return None
    faults = ("gln_error", "gtin_error", "sscc_error", "date_error", "datetime_error")
    found = []
    for element in message.element_strings:
        if any(getattr(element, fault, None) for fault in faults):
            return None
        found.append(Element(element.ai.ai, element.value))
    return tuple(dict.fromkeys(found))
