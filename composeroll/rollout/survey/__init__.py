"""Each service's place in the gateways: which nginx sends it requests, and how certain that is."""
