"""Orders from checkout to delivery, their returns, and the checkout workflow."""
