"""What happens, and in what order: durable, deterministic, one module for each thing that has a life."""
