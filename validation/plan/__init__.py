"""What was promised before the test set was opened.

`protocol` holds the words and bounds, `source` reads them from YAML with line numbers,
`check` reports every problem at once.
"""
