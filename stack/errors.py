"""What can go wrong when the embedded servers start, told to the person who started them."""


class StackError(Exception):
    """The servers cannot run; the message says what is wrong, where, and what to do."""


class FolderInUseError(StackError):
    """Another run holds the same folder."""


class ProgramMissingError(StackError):
    """A program that the servers need is not installed."""


class ServerFailedError(StackError):
    """A server ended, or did not become ready in time; the message ends with its last log lines."""


class PortTakenError(ServerFailedError):
    """Another program took the port between its choice and its use."""
