"""Which numbers may not be called? Do-not-call lists as immutable versions in files, and what they say of a number.

``number_set`` keeps millions of numbers, ``parse`` reads their many writings, ``sources`` reads list files, ``versions`` tells
which version was in force when, ``store`` is the folder, ``service`` loads, scrubs and checks.
"""
