"""Two versions of a model on the same cases: differences, found objects, changed outcomes.

Everything here follows from the per-case tables of two records; no image is looked at again.
"""
