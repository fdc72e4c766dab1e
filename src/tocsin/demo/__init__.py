"""The demo merchant: thirty days of a shop that sells what Anhui makes, by the verbs that the doors use.

Every row of it comes about as a real one does, only that the clock is told what time it was.
The same each time, but for the day: it ends shortly before it is made.
"""
