"""What is there to sell: stock per SKU, and what is held for orders."""
