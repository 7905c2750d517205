"""How the validation is told: one view of protocol, evidence and findings, arranged and printed.

`render` turns templates into HTML and HTML into an archivable PDF and knows nothing of
validation. What the documents say is prepared beside it, every number ready to print.
"""
