"""What do consumers ask about the data kept of them, and what may be erased?"""
