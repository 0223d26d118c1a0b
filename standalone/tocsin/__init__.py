"""Tocsin as one program: the command line, five services in one process, and the embedded PostgreSQL."""
