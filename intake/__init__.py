"""Reading the CSV files people fill in: every problem named by line and column, nothing taken until all is right."""
