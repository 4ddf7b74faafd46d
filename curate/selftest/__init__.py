"""`curate selftest`: plants known faults in a copy of the user's rows and counts what is found."""
