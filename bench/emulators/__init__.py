"""The same questions to every local cloud that runs without Docker: who does what AWS does?"""
