"""Two records of one locked test set, held against margins that were fixed beforehand."""
