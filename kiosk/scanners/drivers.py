"""The home of the choice of a driver: a scanner's section of the configuration -> its scanner."""

from kiosk.config_scanner import ScannerConfig
from kiosk.scanners import Scanner
from kiosk.scanners.framing import BLUETOOTH_GAP_S, FRAME_GAP_S
from kiosk.scanners.network import NETWORK_GAP_S, NetworkScanner
from kiosk.scanners.serial_port import SerialScanner


def make_scanner(config: ScannerConfig) -> Scanner:
    """The scanner, not yet started; an input device is there on Linux alone."""
    match config.driver:
        case "tcp":
            gap = config.gap or NETWORK_GAP_S
            return NetworkScanner(config.port, name=config.label, gap=gap)
        case "evdev":
            from kiosk.scanners.input_device import InputScanner

            return InputScanner(
                config.vendor,
                config.product,
                name=config.label,
                port=config.port,
                layout=config.layout,
                gap=config.gap or BLUETOOTH_GAP_S,
            )
        case "serial":
            return SerialScanner(
                config.port,
                name=config.label,
                baud=config.baud,
                feedback=config.feedback,
                sound=config.sound,
                light=config.light,
                gap=config.gap or FRAME_GAP_S,
            )
