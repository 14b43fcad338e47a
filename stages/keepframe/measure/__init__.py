"""What verdicts are worth and what follows from stored ones: labels, the rules they are counted by. Nothing here decides about a frame."""
