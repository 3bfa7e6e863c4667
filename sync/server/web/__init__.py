"""The home of the office's pages: made on the server, whole without script, live with one.

`frame` renders, `entry` decides who may come in, `forms` reads what is posted; the other modules
are a group of pages each.
"""
