"""How texts count as the same, how numbers are read and said, and what a terminal may show."""
