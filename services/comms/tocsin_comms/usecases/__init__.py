"""What can happen in comms, one file each:

gather, decide by the domain, apply. Whoever opened the transaction commits.
"""
