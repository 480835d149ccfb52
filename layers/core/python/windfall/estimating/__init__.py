"""What a file would cost, before anything is paid for: the plan's calls, in the units of the bill.

files      a plan and a look at the file become an estimate
texts      the features of a text, and of a transcript
pictures   how much text a picture shows, by its look
languages  the language of a text, by its small words
rates      what is not in the file and has to be assumed, each with its source
"""
