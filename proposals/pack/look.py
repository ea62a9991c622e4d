"""The colours and typefaces of the pack: those of the screen, by names that Office programs know."""

INK, QUIET, PALE, LINE, GROUND = "1A1A1A", "4D4D4D", "F2F2F2", "CCCCCC", "FFFFFF"
PRIMARY, COUNT, AWARD = "0017C1", "4979F5", "00118F"
LATIN = "Arial"
EAST_ASIAN = "Meiryo"  # stands on every Windows and Mac that has Office; elsewhere the system's own takes its place
JAPANESE = "Yu Gothic"
FREE = "Noto Sans JP"
