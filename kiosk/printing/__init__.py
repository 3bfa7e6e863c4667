"""PRINTING: a reader of the journal that brings labels to the printers of a station.

jobs        what stands on a label
ledger      which prints are wanted, and how far each got: nothing lost, nothing twice unmarked
sender      one printer: a label after the other, and what it says of itself
spooler     all of it, as the app knows it
"""

from kiosk.printing.spooler import Spooler

__all__ = ["Spooler"]
