"""What each service ran: revisions, the images kept for them, and the way back to one."""
