"""A project: audiences.yml, and the commands that keep all its audiences."""
