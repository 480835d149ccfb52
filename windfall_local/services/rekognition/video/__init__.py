"""Rekognition's work on videos in S3: jobs that look at samples, and tell a topic of their end.

library      jobs begun, worked on and told of
requests     what a Start… asks for, checked
jobs         the jobs of one cloud, kept on disk
films        the videos that jobs work on, fetched once for all of them
metadata     what is told of a video, and which are refused
analyses     what each kind of job looks for, and how it tells what it found
results      what was found, in files
pages        a page of that at a time
notices      the message that tells of an end
timecode     SMPTE's
"""
