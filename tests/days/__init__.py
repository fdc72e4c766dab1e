"""Days of persons in a real browser: a clerk, a manager, an owner; each written once for every size, language and scheme."""
