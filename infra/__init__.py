"""The infrastructure: CDK platform and app, synthesis, deployment, contracts and the map."""
