"""What local files tell of services elsewhere."""
