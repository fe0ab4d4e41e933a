"""The letters with a code: to sign in, and to nominate oneself."""

from notify.render import Letter

_BODY = """Your code to sign in to {service} is

    {code}

It works once, within {minutes} minutes, on the page where you asked for it.

If you asked on another device, or cannot type the code, open this page instead and choose “Sign in”:

    {link}

If you did not ask for a code, somebody has typed your address by mistake: ignore this message, and tell nobody the
code. Nobody from the service will ever ask you for it.
"""


def code_letter(code: str, link: str, *, service: str, minutes: int) -> Letter:
    """The letter; ``link`` is a whole address of a page with a button, since mail programs open links themselves."""
    return Letter(
        f"{code} is your code to sign in",
        _BODY.format(service=service, code=code, minutes=minutes, link=link),
    )


_NEWCOMER = """Your code to nominate yourself, at {service}, is

    {code}

It works once, within {minutes} minutes, on the page where you asked for it.

If you asked on another device, or cannot type the code, open this page instead and choose “Continue”:

    {link}

If you did not ask for a code, somebody has typed your address by mistake: ignore this message, and tell nobody the
code. Nobody can nominate you by your address alone. Nobody from the service will ever ask you for the code.
"""


def newcomer_letter(code: str, link: str, *, service: str, minutes: int) -> Letter:
    """The letter for who nominates themselves, the same whether or not the address is known; as `code_letter`."""
    return Letter(
        f"{code} is your code to nominate yourself",
        _NEWCOMER.format(service=service, code=code, minutes=minutes, link=link),
    )
