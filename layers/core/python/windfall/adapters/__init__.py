"""boto3 behind the ports: the only place that knows it."""
