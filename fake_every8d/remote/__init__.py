"""A fake that runs elsewhere, controlled over its JSON API. Standard library only."""

from fake_every8d.remote.fake import RemoteFake

__all__ = ["RemoteFake"]
