"""The command line: a client of a stack, local or on AWS, through the same APIs."""
