"""GitOps for OpenAI assistants: the difference between YAML in Git and what is live, and how to remove it."""
