"""What users write, read into settings, or refused with the place and the word that was meant."""
