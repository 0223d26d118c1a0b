"""What any service needs to run at all: clock, ids, settings, database, logs, metrics. It knows nothing of events."""
