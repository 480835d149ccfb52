"""One folder per AWS service whose API the local cloud answers itself, each over an engine."""
