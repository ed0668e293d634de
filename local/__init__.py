"""The local cloud: runs the deployed template on one machine."""
