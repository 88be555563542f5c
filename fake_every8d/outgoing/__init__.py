"""What calls out: status reports and e-mail."""
