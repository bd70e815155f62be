"""What can be said in a hall, written once: messages, the topics they travel on, and their wording."""
