"""What happens to hostile and odd inputs: 10,000 of them, each read in a process that is watched."""
