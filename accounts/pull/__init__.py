"""Asking a Jira for its issues: `jira_api` calls it, `places` says what to ask next, `syncing` brings the tickets up to the answers."""
