"""Tables that each service's schema holds, as frozen helpers for its migrations, and the embedded bus's own schema."""
