"""Pictures of cases: the image in gray with outlines of reference and prediction over it.

``choice`` says which cases, ``case`` makes the entry of one in the index and its picture,
``drawing`` makes of an entry what is printed.
"""
