"""Comparing the fake with production, by calls that send nothing.

A *probe* is one call; its *answer* is judged against the fake's, which gives a *finding*. All
findings of a run are its *result*. In sentences, *there* is the platform, and *here* the fake.
"""
