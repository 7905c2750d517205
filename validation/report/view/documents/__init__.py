"""Views of the documents beside protocol and report: a module each."""
