"""Who calls: the processes above, the agent among them, and the terminal that controls this one."""
