"""The two letters that go out when operations correct somebody's email address.

Neither names the other address, and the one to the old address names nobody: it may have been a stranger's all along.
"""

from notify.compose import Sender
from notify.render import Letter

_NEW = """We have changed the email address under which {service} knows you. It is now the one at which you read this.

What this changes

- Sign in with this address from now on{where}.
- All our messages to you come to this address.
- You have been signed out everywhere, and codes and links that we sent before no longer work. If you used a passkey,
  make a new one.

Your roles, your nominations and their deadlines stay as they are, and so does everything you wrote.

What you need to do

Nothing else. If you did not expect this, write to {contact}.
"""
_OLD = """We have changed the email address of somebody whom {service} knew by this address. From now on nobody can
sign in with it, and no more messages about them come here.

What you need to do

If you asked for this, nothing: we have written to the new address too.

If this is your own address with us and you did not ask for the change, write to {contact} at once.

If you do not know what this is about, your address was given to us by mistake. Please delete the messages we sent
you, and accept our apologies.
"""


def new_address_letter(service: str, sender: Sender) -> Letter:
    """The letter to the address that somebody has now."""
    where = f", at {sender.service}" if sender.service else ""
    body = _NEW.format(service=service, where=where, contact=sender.contact)
    return Letter(f"Your email address for {service} has changed", body)


def old_address_letter(service: str, sender: Sender) -> Letter:
    """The letter to the address that they had before."""
    return Letter(
        f"This address is no longer used for {service}", _OLD.format(service=service, contact=sender.contact)
    )
