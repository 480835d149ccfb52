"""What Windfall's functions share: contracts, errors, ports and their AWS adapters."""
