"""The press briefing of 27 April 2023 as data, and the 43 proposals that its margins allow to be reconstructed."""
