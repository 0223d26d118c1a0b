"""What comms decides, as values and functions:

which state a component shows, what goes public, which words, when to remind.
"""
