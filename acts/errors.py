"""How an act fails, in a sentence for the person who acts."""


class ActError(Exception):
    """An act was not done; the sentence says why and what to do."""


class RefusedError(ActError):
    """The act is not allowed as things stand; nothing has changed."""


class NotKnownError(ActError):
    """There is nothing by this name."""


class NotReachedError(ActError):
    """The workflow could not be reached now; what was saved is kept, and the workflow will be told."""
