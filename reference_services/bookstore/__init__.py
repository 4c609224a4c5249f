"""The campus bookstore: 15-minute flash sales of limited stock, paid online, picked up at the store within a day."""
