"""Tables: read as they come, checked against what a model takes, sent, and joined again.

    sniffing    what a CSV or JSON Lines file looks like, from its beginning
    reading     header and rows of CSV, JSON Lines and Parquet, streamed
    fitting     a row becomes what the model is sent, or a problem with its row and column
    spreadsheets  CSV that a spreadsheet opens without running anything

A cell is a text, whatever the format; an empty one has no value. Rows count from 1, the header is
none of them.
"""
