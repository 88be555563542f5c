"""The tools of tests: failures on demand, journal, log, snapshots, summaries, forms."""
