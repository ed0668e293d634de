"""Orders, from the moment a basket was checked out."""
