"""Delivery guarantees, once for all five services.

A unit of work commits state and events together; the relay carries events from the outbox to the bus in order; the
consumer hands each to its handler once in effect, retries what failed, and keeps what it cannot handle. Timers,
leases and sendings follow the same rule: a row first, then the deed. Rules R1-R34 name what is kept here.
"""
