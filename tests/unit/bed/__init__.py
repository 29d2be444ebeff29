"""What the bed reads of the machine it lies on."""
