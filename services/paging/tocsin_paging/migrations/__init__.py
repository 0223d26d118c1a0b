"""The tables of paging, as numbered steps. Each runs once, in the service's own schema."""
