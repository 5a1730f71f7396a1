"""add_key(2), request_key(2) and keyctl(2)."""
