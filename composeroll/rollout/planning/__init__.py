"""Plan the steps from the observed state to the wanted one. Pure: nothing is changed here."""
