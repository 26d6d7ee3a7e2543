"""A service's routes, with their schemas."""

import flask_smorest

from store.server.http.parser import Parser


class Blueprint(flask_smorest.Blueprint):
    """flask-smorest's blueprint, reading requests with our parser.

    `.get .post .put .patch .delete` route a function, `.arguments(Schema, location=...)` hands it
    what was sent, `.response(status, Schema)` dumps what it returns.
    """

    ARGUMENTS_PARSER = Parser()
