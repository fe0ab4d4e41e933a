"""Simulated people: who behaves how, and how they pass their days. They act through `acts`, as real ones do."""
