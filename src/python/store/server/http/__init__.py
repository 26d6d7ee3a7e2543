"""REST: the Flask application, its schemas, errors as problem documents, pages, ETags and OpenAPI."""
