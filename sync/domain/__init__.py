"""The pure core: what can happen, what it means, and what disagrees with the plan."""
