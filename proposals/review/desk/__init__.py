"""The reviewer's desk: what is to be judged, and the pages on which it is done."""
