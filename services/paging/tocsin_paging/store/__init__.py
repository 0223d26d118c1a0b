"""Where paging keeps what it knows: tables, one repository per aggregate, and queries for lists. The only SQL."""
