"""The console: what who sits at the machine may do when nobody can sign in (break-glass), asked over a socket of this machine."""
