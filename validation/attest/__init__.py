"""Who stands by it: verification of what was written."""
