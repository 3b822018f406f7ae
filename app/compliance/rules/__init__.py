"""The tests of the rules, a module for each family; importing one registers its functions with the engine."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every family."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
