"""Who is at the keyboard: the user name that locks and runs are recorded under."""

import getpass
import os


def operator() -> str:
    """Return the user's name, or the user's number where the system knows no name."""
    try:
        return getpass.getuser()
    # Without a password entry: KeyError until Python 3.12, OSError from 3.13 on.
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
