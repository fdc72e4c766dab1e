"""What every box stands on: database, statements, ids, money, parties, events, journal, queue, bus."""
