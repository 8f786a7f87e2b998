"""Approval by a person: the question, the request, the signed grant, and which terminals are trusted."""
