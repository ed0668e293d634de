"""Lambda functions, each a file of its own."""
