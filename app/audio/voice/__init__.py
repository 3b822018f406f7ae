"""Who is calling: a live person, a recorded message, a synthetic voice, or not known?

``frames`` says where in a sound somebody speaks; ``stretches`` gathers what was measured into stretches of several seconds;
``model`` weighs a stretch; ``behaviour`` reads how the call went; ``verdict`` puts them together and says why.
"""
