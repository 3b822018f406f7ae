"""The list of calls: what was asked for, which calls fit, and the words found in their transcripts."""
