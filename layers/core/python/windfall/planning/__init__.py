"""From a file and its profile to what is done with it.

profiles   the profile of a file, and what goes before it
plans      the features of images, texts, recordings and videos
tables     how a table is scored, by the model that it is for
files      all of it, for whoever has a file: admission, and whoever asks what it would cost
"""
