"""What telling a story takes: hearing everything, finding causes, choosing, and putting it into words."""
