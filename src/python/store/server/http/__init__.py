"""REST: what every Flask application of the store is made with.

`web` makes the application, with what is done for each request; `request` and `parser` read what was sent, `schemas`
load and dump it; `problems` turns errors into problem documents (RFC 9457); `pages` and `etags` are for lists and for
what is changed with If-Match; `api`, `blueprint` and `documentation` make the OpenAPI document and its page.
"""
