"""A printer of the Windows spooler by its name: `windows://NAME`, its bytes untouched (RAW).

Written to winspool's documented calls; it was never run on a Windows machine. Elsewhere it says so.
"""

import sys
from dataclasses import dataclass
from typing import Any

from labels.printers.base import PrinterDoubt, PrinterStatus, PrinterUnreachable

_NOT_HERE = "Windows printers are reached from Windows only: write tcp://, device:// or cups://"


@dataclass(frozen=True, slots=True)
class WindowsPrinter:
    """A printer that Windows knows by this name."""

    name: str

    def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
        del suffix  # RAW takes whatever language the printer speaks
        import ctypes

        spool, handle = self._opened()
        named = f"Windows printer {self.name}, label {job}"
        document = (ctypes.c_wchar_p * 3)(job, None, "RAW")  # DOC_INFO_1W
        try:
            if not spool.StartDocPrinterW(handle, 1, ctypes.byref(document)):
                raise PrinterUnreachable(f"{named}: Windows takes no document: look at its queue")
            written = ctypes.c_uint32(0)
            whole = spool.WritePrinter(handle, data, len(data), ctypes.byref(written))
            if not whole or written.value != len(data) or not spool.EndDocPrinter(handle):
                raise PrinterDoubt(
                    f"{named}: Windows took {written.value} of {len(data)} bytes; "
                    "look if it came out"
                )
        finally:
            spool.ClosePrinter(handle)

    def status(self, language: str) -> PrinterStatus:
        del language
        spool, handle = self._opened()
        spool.ClosePrinter(handle)
        return PrinterStatus("unknown", "Windows has the printer; its state is not read")

    def _opened(self) -> tuple[Any, Any]:
        if sys.platform != "win32":
            raise PrinterUnreachable(f"Windows printer {self.name}: {_NOT_HERE}")
        import ctypes

        spool = ctypes.WinDLL("winspool.drv")
        handle = ctypes.c_void_p()
        if not spool.OpenPrinterW(self.name, ctypes.byref(handle), None):
            raise PrinterUnreachable(
                f"Windows printer {self.name}: there is none of this name; "
                "its name stands in the settings under Printers"
            )
        return spool, handle
