"""The shop as CDK: the platform's patterns, synthesis, packaging and publishing."""
