"""`python -m fake_every8d`."""

from fake_every8d.cli import main

main()
