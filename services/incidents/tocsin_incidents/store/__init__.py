"""The only SQL of this service: its tables, a repository for each aggregate, and the queries behind lists."""
