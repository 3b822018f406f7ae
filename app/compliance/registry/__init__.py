"""Which numbers may not be called? Do-not-call lists as immutable versions in files, and what they say of a number at a moment.

``number_set`` keeps millions of numbers, ``numbers`` reads their many writings, ``sources`` reads list files, ``versions`` decides
which version was in force when, ``store`` is the folder, ``service`` loads, scrubs and checks.
"""
