"""The home of the import: a folder of CSV files becomes one act of the office, or nothing."""
