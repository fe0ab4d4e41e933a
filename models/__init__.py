"""What is said and what is stored: words, policy and messages (Pydantic), tables (SQLModel)."""
