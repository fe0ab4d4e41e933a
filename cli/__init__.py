"""The command line's rooms: each module holds the commands of one area.

Nothing here imports Temporal, SQLAlchemy or Pydantic at the top, so that ``--help`` answers at once: what a command
needs it imports when it runs.
"""
