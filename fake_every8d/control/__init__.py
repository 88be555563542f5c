"""What tests and tools do to the fake: failures on demand, journal, snapshots, summaries, forms."""
