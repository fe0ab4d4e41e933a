"""Measures history, throughput, latency and the cost of open nominations, on servers of its own."""
