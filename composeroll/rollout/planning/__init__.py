"""From what is seen and what has to go to the steps between. Pure: nothing is touched here."""
