"""The HTTP edge: the WSGI application, its pages, the JSON API, and the server."""
