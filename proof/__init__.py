"""Proof that the system keeps its promises, recomputed from the database and the workflows' histories alone."""
