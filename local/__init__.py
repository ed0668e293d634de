"""The shop's local cloud: what runs the deployed template on one laptop."""
