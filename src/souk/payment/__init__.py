"""Money owed for orders: a ledger, and the provider that moves it."""
