"""Box 1 and 3: the desk in a browser, on a PC and on a phone."""
