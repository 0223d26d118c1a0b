"""The public contract of Tocsin: every event that one service tells the others, each defined once.

An event is complete enough that no consumer has to call back. Names carry a version; a field may be added,
never changed or taken away: a new meaning is a new version beside the old one.
"""
