"""What git says of repositories: settings, references, work trees, and what a call would lose."""
