"""The Lambda functions of the floor, one file each."""
