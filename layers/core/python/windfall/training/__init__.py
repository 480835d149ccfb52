"""What the functions that train a model share: names, and the files of a training.

names    what jobs, models and endpoints are called
files    where a training's files lie, and how they are read
jobs     how a job of SageMaker's ended, for the function that goes on with what it made
"""
