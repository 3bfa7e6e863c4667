"""The root of the server's operating trouble: each module draws its own tree below it."""


class ServerError(Exception):
    """Something outside the program is in the way; the message names it and the next step."""
