"""Choosing a method: questions and rules as data, answers as a file, the choice as a value."""
