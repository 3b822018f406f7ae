"""How much money, exactly?

Integer minor units and a currency. Amounts of different currencies never mix, and there is one rounding rule: half to even.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

MINOR_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of one ISO 4217 currency."""

    amount_minor: int
    currency: str = "USD"

    def __post_init__(self) -> None:
        if isinstance(self.amount_minor, bool) or not isinstance(self.amount_minor, int):
            raise TypeError(f"money is a whole number of minor units, got {self.amount_minor!r}")
        if len(self.currency) != 3 or not self.currency.isupper():
            raise ValueError(f"a currency is three capital letters, got {self.currency!r}")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other).amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other).amount_minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount_minor < self._same(other).amount_minor

    def __str__(self) -> str:
        sign = "-" if self.amount_minor < 0 else ""
        whole, cents = divmod(abs(self.amount_minor), 10**MINOR_DIGITS)
        symbol = "$" if self.currency == "USD" else f"{self.currency} "
        return f"{sign}{symbol}{whole:,}.{cents:0{MINOR_DIGITS}d}"

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added; convert first")
        return other


def parse_money(text: str, currency: str = "USD") -> Money:
    """Read an amount that a person typed, such as ``12``, ``12.5`` or ``1,234.50``.

    Raises
    ------
    ValueError
        If it is not a number, or has more digits than the currency has minor units.
    """
    try:
        amount = Decimal(text.strip().lstrip("$").replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"expected an amount such as 12.50, got {text!r}") from None
    minor = amount.scaleb(MINOR_DIGITS)
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise ValueError(f"expected at most {MINOR_DIGITS} decimals, got {text!r}")
    return Money(int(minor), currency)


def share(amount: Money, part: Decimal) -> Money:
    """Return ``part`` (0.25 = a quarter) of the amount, rounded half to even."""
    minor = (Decimal(amount.amount_minor) * part).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return Money(int(minor), amount.currency)
