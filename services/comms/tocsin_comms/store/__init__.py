"""The tables of comms and the only SQL that touches them."""
