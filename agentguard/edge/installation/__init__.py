"""What `install` puts down and takes away: versions in the store, shims, start-up files, configuration."""
