"""Sample calls with known truth, and the generator that made them; the product reads only the data files of this folder."""
