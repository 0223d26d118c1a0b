"""Tocsin's comms service:

tells the team in Slack and the world on the status page what an incident means for them.
"""
