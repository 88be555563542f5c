"""Holding the fake against production: calls that send nothing, and what comes of them.

A *probe* is one call; its *answer* is judged against the fake's, which gives a *finding*. All
findings of a run are its *result*. In sentences, *there* is the platform, and *here* the fake.
"""
