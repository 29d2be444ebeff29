"""What of a gateway's configuration and container would hurt. Pure: from text to findings."""
