"""Barcodes and paper: a library in itself. Doors: `codes.decode`, `render.render`, `printers`."""
