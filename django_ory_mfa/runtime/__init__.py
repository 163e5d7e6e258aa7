"""What the other rooms run on: steps in both worlds, objects of one process, the clock."""
