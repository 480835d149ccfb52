"""AWS Lambda on one machine: real `awslambdaric` processes, forked from a preloaded zygote."""
