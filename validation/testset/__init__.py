"""On what: the cases, their files and annotations, and the lock that fixes them."""
