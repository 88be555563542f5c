"""Outgoing requests: status reports and e-mail."""
