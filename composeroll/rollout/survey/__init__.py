"""Where services stand in the gateways: which nginx leads to them, and which of it is sure."""
