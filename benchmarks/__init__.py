"""What fake-every8d costs, measured beside what one would use instead."""
