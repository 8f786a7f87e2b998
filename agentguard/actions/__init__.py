"""What people have done, without a face: the command line, the view and what comes call these."""
