"""The one-machine cloud: the AWS services that the template needs, with real models."""
