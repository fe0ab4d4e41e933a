"""The database: engine, tables' names, queries and migrations."""
