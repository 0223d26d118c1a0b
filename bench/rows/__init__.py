"""The rows of the table, a file per kind: each measures some systems and notes figures in the session."""
