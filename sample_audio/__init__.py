"""Sample calls with known truth, and the generator that made them; the product reads only the YAML, CSV and audio files here."""
