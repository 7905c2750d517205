"""Requirements and risks from where they are kept: bytes of other tools' files in, records out.

One module reads one format and returns `Content`: items with texts by column, whatever the tool
calls its columns. `columns` decides which of them is the id, the text, the hazard; `taking`
makes requirements and risks of them, with every problem at once; `yaml_text` writes them for a
protocol, and `drift` holds them against one. Nothing here opens a file, and nothing is guessed:
what cannot be taken as it stands is refused.
"""
