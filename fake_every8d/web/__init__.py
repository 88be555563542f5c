"""HTTP: the WSGI application, its pages, and what serves it."""
