"""Who asked not to be called any more, and was everything done that must follow?"""
