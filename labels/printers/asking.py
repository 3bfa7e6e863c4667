"""How a printer is asked how it is: the questions of its language, and what silence means."""

import time
from collections.abc import Callable
from typing import Final

from labels.printers import answers
from labels.printers.base import (
    ANSWER_SECONDS_MAX,
    Channel,
    Opener,
    PrinterStatus,
    PrinterUnreachable,
)

ANSWER_BYTES_MAX: Final = 4096
TELLS_NOTHING: Final = PrinterStatus(
    "unknown", "takes labels; in this language it does not tell how it is"
)
Asked = Callable[[Channel, float], PrinterStatus]


def status(opened: Opener, language: str, seconds: float = ANSWER_SECONDS_MAX) -> PrinterStatus:
    """What it says; an answer is awaited `seconds` for each question, two at the most.

    Raises PrinterUnreachable.
    """
    with opened() as channel:
        asked = ASKED.get(language)
        if asked is None:
            return TELLS_NOTHING
        try:
            return asked(channel, seconds)
        except OSError as error:
            raise PrinterUnreachable(f"it broke off when asked how it is ({error})") from error


def ask(
    channel: Channel, question: bytes, seconds: float, is_whole: Callable[[bytes], bool]
) -> bytes:
    """The answer, or what came of it in `seconds`. Raises OSError."""
    channel.write(question)
    answer = b""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and len(answer) < ANSWER_BYTES_MAX:
        answer += channel.read(left)
        if is_whole(answer):
            break
    return answer


def _zpl(channel: Channel, seconds: float) -> PrinterStatus:
    """No answer to `~HS` is itself one: media out, ribbon out, head open, too hot."""
    whole = answers.is_whole(answers.host_status)
    told = answers.host_status(ask(channel, answers.HOST_STATUS, seconds, whole))
    if told is not None:
        return told
    whole = answers.is_whole(answers.host_errors)
    cause = answers.host_errors(ask(channel, answers.HOST_ERRORS, seconds / 2, whole))
    if cause is None or cause.state == "ready":
        return answers.SILENT
    return cause


def _escpos(channel: Channel, seconds: float) -> PrinterStatus:
    got = []
    for question in answers.REAL_TIME_STATUS:
        answer = ask(channel, question, seconds, bool)
        if not answers.is_real_time(answer):
            return answers.SILENT
        got.append(answer)
    return answers.real_time(got) or answers.SILENT


def _tspl(channel: Channel, seconds: float) -> PrinterStatus:
    return answers.tspl(ask(channel, answers.TSPL_STATUS, seconds, bool)) or answers.SILENT


ASKED: Final[dict[str, Asked]] = {
    "zpl": _zpl,
    "zpl-graphic": _zpl,
    "escpos": _escpos,
    "tspl": _tspl,
}
