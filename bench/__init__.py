"""How quick and how dear the shop is, beside the least code that does the same."""
