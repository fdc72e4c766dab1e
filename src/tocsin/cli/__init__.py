"""The command line: serve, worker, operator."""
