"""What goes wrong on a page, and the friendly page each becomes."""


class PageError(Exception):
    """A page cannot be shown, or a form cannot be taken.

    Attributes:
        status: HTTP's word for it.
        template: The page it becomes.
        title: That page's title.
    """

    status = 400
    template = "failures/refused.html"
    title = "This could not be done"

    def __init__(
        self, sentence: str = "", *, advice: str = "", href: str = "", link: str = "", wait: str = ""
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.advice = advice
        self.href = href
        self.link = link
        self.wait = wait


class NotFoundError(PageError):
    """There is no such thing, or the visitor may not know of it."""

    status = 404
    template = "failures/not_found.html"
    title = "Page not found"


class NotAllowedError(PageError):
    """The visitor's role may not do this."""

    status = 403
    template = "failures/not_allowed.html"
    title = "You cannot see this page"


class RoleGoneError(NotAllowedError):
    """The visitor does not hold the role that this is for, or no longer; what was sent is given back."""

    template = "failures/role_gone.html"


class SignedOutError(PageError):
    """Nobody is signed in, or the session has ended; what was sent is given back."""

    status = 401
    template = "failures/signed_out.html"
    title = "You have been signed out"


class NotTheirsError(PageError):
    """The visitor's role may see this, but not this visitor: they are concerned themselves."""

    status = 403
    title = "You cannot see this page"


class OtherOriginError(PageError):
    """A page of another site sent this form."""

    status = 403
    title = "This form was sent from elsewhere"


class RefusedHereError(PageError):
    """The act is not allowed as things stand."""

    status = 409


class TooLargeError(PageError):
    """More was sent than anything here takes."""

    status = 413
    title = "This is too large"


class TooManyError(PageError):
    """Somebody tried too often; ``wait`` says how long to wait, in words."""

    status = 429
    template = "failures/too_many.html"
    title = "Too many tries"


class ChangedError(PageError):
    """What the page showed has changed since."""

    status = 409
    template = "failures/changed.html"
    title = "This has changed since you opened the page"


class UnavailableError(PageError):
    """A server that is needed cannot be reached now; what was sent is given back."""

    status = 503
    template = "failures/unavailable.html"
    title = "The service is not available now"


class BrokenError(PageError):
    """Something is broken; a reference leads operations to the log line."""

    status = 500
    template = "failures/broken.html"
    title = "There is a problem with the service"
