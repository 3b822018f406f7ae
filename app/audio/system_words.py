"""Do these words come from a telephone system: a menu, a queue, a voicemail box?

A handful of patterns over plain words, for lines on which nobody else gives such orders: keys to press, numbers to enter,
places in a queue, tones to wait for. They say what kind of recording it is, never whether one is recorded; a person who reads
such a sentence out would be taken for the system. Of 70 English prompts of the sample set 44 are recognised by their words; of
278 sentences of callers one is, and that is the greeting of a voicemail box.
"""

from __future__ import annotations

import re

_DIGIT = r"(?:\d+|zero|oh|one|two|to|three|four|for|five|six|seven|eight|nine|star|pound|hash)"

VOICEMAIL = re.compile(
    r"\b(?:(?:after|at|before) the (?:tone|beep)|leave (?:me |us |a |your |a brief |a detailed )*(?:message|name|number)|"
    r"voice ?mail(?:box)?|mail ?box (?:of|is|number|belonging)|record your (?:message|name)|"
    r"(?:not|un) ?available (?:to take your call|right now)|can(?:not|'t) (?:take|come to|answer) (?:your|the) (?:call|phone)|"
    r"get back to you as soon|you(?:'ve| have) reached (?:the )?(?:voice|phone|desk|cell|home))\b"
)
MENU = re.compile(
    rf"\b(?:(?:press|dial|push) (?:the )?{_DIGIT}\b|(?:press|dial) (?:any key|the)|(?:pound|star|hash) (?:key|sign)|main menu|"
    r"touch ?-? ?tone|please listen carefully|followed by (?:the )?pound|(?:number|entry|selection) is not valid|"
    r"(?:please|or) (?:re-?)?enter (?:your|the|a|an)\b|menu options|para espa[nñ]ol|oprima|marque|"
    r"(?:not|isn't) a valid (?:extension|option|number|entry|selection|response|conference)|"
    r"invalid (?:entry|extension|option|selection)|"
    r"(?:number|call) (?:you|that) (?:have )?(?:dialed|dialled)|call (?:cannot|can not) be completed|"
    r"been disconnected or is no)\b"
)
MESSAGE = re.compile(
    r"\b(?:(?:automated|recorded|important|courtesy) (?:message|call)|this (?:message|call) is (?:to|from|for|regarding|about)|"
    r"calling (?:from|to inform|about|regarding|to let you)|(?:to|like to) inform you|do ?-?not ?-?call list|please contact)\b"
)
"""A recorded message that calls people speaks for a party, even where it says which key to press."""

QUEUE = re.compile(
    r"\b(?:your call is (?:very )?important|next available (?:representative|agent|operator|associate)|"
    r"(?:estimated|approximate) (?:hold|wait)|first in line|in the order (?:it was|they were) received|"
    r"currently (?:assisting|helping|busy with) other|(?:you are|you're) (?:currently )?(?:caller )?number|currently caller|"
    r"all (?:of our )?(?:representatives|agents|operators|associates) are|waiting to speak)\b"
)
"""What only a queue says; agents too say "thank you for holding", which is why it is not here."""

MOST_WORDS_PER_SIGN = 30
"""A prompt comes to the point: in talk that mentions a key once in a minute it is a person who mentions it."""


def find_system(text: str) -> str | None:
    """Return which system says this: ``voicemail``, ``queue`` or ``menu``; None when nothing in it tells."""
    plain = _plain(text)
    for name, pattern in (("queue", QUEUE), ("menu", MENU), ("voicemail", VOICEMAIL)):
        signs = len(pattern.findall(plain))
        if signs and len(plain.split()) <= MOST_WORDS_PER_SIGN * signs:
            return name
    return None


def is_message(text: str) -> bool:
    """Say whether these are the words of a message that calls people, or of somebody who calls."""
    return MESSAGE.search(_plain(text)) is not None


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[^a-z0-9'ñ\- ]+", " ", text.lower()))
