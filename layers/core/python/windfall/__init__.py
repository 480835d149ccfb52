"""What Windfall's functions share: contracts, errors, ports and their AWS adapters."""

import os

# Pydantic would look for plugins in the metadata of every installed package when its first model
# is built, which is a fifth of a cold start. There are none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
