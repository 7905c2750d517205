"""The data's path: protocol, lock, run, record, report, one step handed to the next.

The rooms below compute on values; here files are read, handed to them and written.
"""
