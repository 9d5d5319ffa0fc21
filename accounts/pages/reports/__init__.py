"""What `/reports/` reads, a section a module."""

from datetime import timedelta

PERIOD = timedelta(days=90)
FEW_ROWS, MOST_ROWS = 10, 200
