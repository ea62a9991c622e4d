"""The briefing pack: the board of a call to take away, as slides, workbook, CSV, JSON and a sheet of paper."""
