"""The one-machine cloud: the AWS services that the template needs, on 127.0.0.1, with real models."""
