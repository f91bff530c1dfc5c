"""The project's own notes: composed from a table of facts that also decides, exactly, whether an edit is wrong."""
