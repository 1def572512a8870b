"""Measures the desk on this machine: `python -m bench`, or QUICK=1 for under a minute."""
