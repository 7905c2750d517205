"""Readers of images and annotations: bytes in, values out.

They open no file. One bad image is a ValueError; a file that holds many annotations is read
as a whole and reports every problem at once.
"""
