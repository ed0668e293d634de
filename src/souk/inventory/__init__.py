"""Stock per SKU, and the holds of orders on it."""
