"""What makes a rock that rock, each a function that gives a `Mark`: sizes in mm, contrasts in grey levels."""
