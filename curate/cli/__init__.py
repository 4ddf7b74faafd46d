"""The command line: a command is one call into the library."""
