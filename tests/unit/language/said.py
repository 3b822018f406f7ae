"""Sentences written for these tests: what must raise a pack, and what sounds like it and must not.

``FIRES`` was written once the matching stood and nothing was tuned to it.
``QUIET`` grew while the matching was built, so it guards against relapse and measures nothing. ``c`` is the caller, ``a`` our
side, ``u`` a party that is not known.
"""

from collections.abc import Sequence

from app.conversation import KeywordHit, Utterance
from app.language.matching import PackSet
from app.language.spotting import spot
from app.timeline import Span
from app.vocabulary import Speaker

Line = tuple[str, str]
PARTIES = {"c": (0, Speaker.CALLER), "a": (1, Speaker.AGENT), "u": (0, Speaker.UNKNOWN)}
LETTERS_A_SECOND = 15.0


def utter(*lines: Line, gap_s: float = 0.5, start_s: float = 0.0) -> list[Utterance]:
    """Return utterances one after another, each as long as its text takes."""
    utterances = []
    for who, text in lines:
        channel, speaker = PARTIES[who]
        end_s = start_s + max(0.3, len(text) / LETTERS_A_SECOND)
        utterances.append(Utterance(channel, speaker, Span(start_s, end_s), text))
        start_s = end_s + gap_s
    return utterances


def hear(packs: PackSet, *lines: Line, gap_s: float = 0.5) -> tuple[KeywordHit, ...]:
    """Return the hits in a conversation."""
    utterances = utter(*lines, gap_s=gap_s)
    return spot(utterances, packs, duration_s=utterances[-1].span.end_s + 1 if utterances else 1.0)


FIRES: dict[str, Sequence[Line]] = {
    "PH-CHAN-SMS": [
        ("c", "Yeah hi, I got your text this morning and I'm wondering what it's about."),
        ("c", "um i'm just calling about that text you guys sent"),
        ("c", "So I was at work and I clicked the link in the text, and now I'm here."),
        ("c", "i did not ask for anything you texted me"),
    ],
    "PH-CHAN-EMAIL": [
        ("c", "I got an e-mail yesterday saying I could save on my insurance."),
        ("c", "yeah i got email from you and the email said to call"),
        ("c", "It was in my spam folder but I thought I'd call anyway."),
    ],
    "PH-CHAN-OUTBOUND": [
        ("c", "Well, you guys called me like five minutes ago, so you tell me."),
        ("c", "I had a missed call from this number around noon."),
        ("c", "no i'm returning your call"),
    ],
    "PH-CHAN-TRANSFER-CALLER": [
        ("c", "I was just talking to someone and then they put me on hold."),
        ("c", "I already gave them my information, do I have to do it again?"),
        ("c", "i was transfered to you by another lady"),
    ],
    "PH-CHAN-TRANSFER-WARM-AGENT": [
        ("a", "Hey, this is Mike with a transfer, how are you today?"),
        ("a", "Hi there, I have Mrs. Jenkins on the line for you."),
        ("a", "ok perfect i will let you two talk"),
    ],
    "PH-CHAN-TRANSFER-COLD-AGENT": [
        ("a", "Great, I'm going to transfer you over to my colleague now."),
        ("a", "please hold while I transfer your call"),
        ("a", "the next available agent will be with you shortly"),
    ],
    "PH-CHAN-COACHING": [
        ("a", "When they ask, tell them you saw it on a website."),
        ("a", "And please don't mention the gift card, ok?"),
        ("a", "you have to stay on for two minutes or it does not count"),
    ],
    "PH-CHAN-INCENT": [
        ("c", "So when do I get my gift card?"),
        ("c", "I'm just calling about that gift card thing."),
        ("c", "they said i would get points in the game"),
        ("c", "i was told i'd get paid for this call"),
    ],
    "PH-CHAN-SOCIAL": [
        ("c", "I saw your ad on Facebook about the solar."),
        ("c", "the tik tok video said to call this number"),
        ("c", "well i was scrolling and saw it"),
    ],
    "PH-CHAN-DISPLAY": [
        ("c", "There was a pop-up on my computer that told me to call."),
        ("c", "I got a push notification with your number."),
        ("c", "it popped up on my phone while i was reading"),
    ],
    "PH-CHAN-MAIL": [
        ("c", "I got a letter from you people last week."),
        ("c", "I got something in the male about my warranty."),
        ("c", "there was a flyer with this number on it"),
    ],
    "PH-CHAN-BROADCAST": [
        ("c", "I saw your commercial last night."),
        ("c", "Oh, I heard it on the radio while driving."),
        ("c", "i saw it on t.v. and wrote the number down"),
    ],
    "PH-CHAN-DIRECTORY": [
        ("c", "I called 411 and they gave me you."),
        ("c", "Siri gave me this number."),
        ("c", "i was looking for a different company"),
    ],
    "PH-CHAN-INTERCEPT": [
        ("c", "The number I called was disconnected and then it offered you."),
        ("c", "I pressed won to be connected."),
        ("c", "i called my insurance company and got you instead"),
    ],
    "PH-CHAN-CHAT-FORM": [
        ("c", "I filled out a form last night for a quote."),
        ("c", "I put my information in online and then my phone rang."),
        ("c", "i was chatting with someone on line and now this"),
    ],
    "PH-CHAN-SEARCH": [
        ("c", "I just found you on Google."),
        ("c", "I looked you up online and you came up first."),
    ],
    "PH-CHAN-ROBOCALL": [
        ("c", "I got a robo call and I pressed one to talk to somebody."),
        ("c", "It was an automated call about my car."),
    ],
    "PH-AI-VOICE-ASK": [
        ("c", "Wait, are you a real person?"),
        ("c", "am i talking to computer right now"),
    ],
    "PH-DNC-REQUEST": [
        ("c", "Look, take me off your list."),
        ("c", "put me on the do not coal list please"),
        ("c", "I'm not interested, stop calling me."),
        ("c", "can you please remove my number"),
        ("c", "why don't you take me off your list"),
    ],
    "PH-DNC-SOFT": [("c", "No, I'm not interested."), ("c", "I already told you no, leave me alone.")],
    "PH-DNC-BRUSHOFF": [
        ("a", "Well, you'll have to email us to be removed."),
        ("a", "It can take up to 30 days, sir."),
        ("a", "I can't take you off because it's the computer that dials."),
    ],
    "PH-DNC-ACK": [
        ("a", "I'm sorry about that, I'll take you off the list right away."),
        ("a", "I've removed your number from our system."),
    ],
    "PH-CONSENT-DENIED": [
        ("c", "I never signed up for anything like this."),
        ("c", "how did you get my number"),
        ("c", "I didn't give consent to any of this."),
    ],
    "PH-WRONG-NUMBER": [
        ("c", "You have the wrong number."),
        ("c", "There's nobody here by that name."),
        ("c", "i just got this number last week"),
    ],
    "PH-LITIGATOR": [
        ("c", "What's the name of your company and what's your mailing address?"),
        ("c", "This call is a violation of the TCPA."),
        ("c", "that's 500 dollars per call"),
    ],
    "PH-TIME-COMPLAINT": [
        ("c", "Do you know what time it is?"),
        ("c", "It's 7 in the morning, I was asleep!"),
    ],
    "PH-FREQ-COMPLAINT": [
        ("c", "This is the fourth time today!"),
        ("c", "you people call every day"),
        ("c", "I've gotten 12 calls today from you"),
    ],
    "PH-REC-NOTICE": [
        ("a", "Thanks for calling Acme, this call may be recorded."),
        ("a", "just so you know you're on a recorded line"),
        ("a", "This call maybe monitored or recorded."),
    ],
    "PH-REC-OBJECTION": [
        ("c", "I don't want to be recorded."),
        ("c", "please stop recording"),
        ("c", "Don't record me, I mean it."),
    ],
    "PH-ID-CALLER": [
        ("a", "Hello, my name is Susan."),
        ("a", "Hi, this is Tom from Brightway Insurance."),
    ],
    "PH-ID-PURPOSE": [
        ("a", "The reason for my call today is your roof."),
        ("a", "I'm calling about a new plan."),
    ],
    "PH-ID-PURPOSE-DISGUISED": [
        ("a", "Now this is not a sales call, ma'am."),
        ("a", "i'm just verifying your information"),
    ],
    "PH-TPMO-DISCLAIMER": [
        ("a", "We do not offer every plan available in your area."),
        ("a", "Please contact Medicare.gov or 1-800-MEDICARE to get information on all of your options."),
        ("a", "currently we represent 8 organizations"),
    ],
    "PH-TPMO-TRANSFER-NOTICE": [
        ("a", "I'm transferring you to a licensed agent now."),
        ("a", "a license agent may be able to enroll you in a new plan"),
    ],
    "PH-MED-BENEFITS-START": [
        ("a", "And your premium would be zero with this one."),
        ("a", "This plan includes dental, vision and more."),
    ],
    "PH-TSR-COST-DISCLOSE": [
        ("a", "Okay, the total cost is 240 dollars."),
        ("a", "your card will be charged on friday"),
    ],
    "PH-NEGOPT-MISSING-TERMS": [
        ("a", "It's a free trial, nothing to it."),
        ("a", "we just need your card for shipping"),
    ],
    "PH-CLAIM-GOVMONEY": [
        ("c", "I'm calling about the $6,400 subsidy."),
        ("a", "You can get free government money for groceries."),
        ("c", "is this the flex card people"),
    ],
    "PH-CLAIM-GOV-IMPERSONATION": [
        ("a", "Yes ma'am, I'm calling from Medicare."),
        ("a", "hi this is the benefits office"),
    ],
    "PH-CLAIM-HEALTH-ACA": [
        ("a", "It's guaranteed acceptance know matter what."),
        ("a", "The plan is great, it covers everything 100%."),
    ],
    "PH-CLAIM-MEDICARE": [
        ("a", "You're losing your benefits if we don't act."),
        ("a", "We need to issue you a new card today."),
    ],
    "PH-CLAIM-AUTO": [
        ("a", "I guarantee I can save you money."),
        ("a", "That's $39 a month full coverage."),
        ("a", "we can do full coverage for 49 dollars a month"),
    ],
    "PH-CLAIM-DEBT": [
        ("a", "We can wipe out your debt in a year."),
        ("a", "just stop paying your credit cards"),
    ],
    "PH-CLAIM-LEGAL": [
        ("a", "You're entitled to compensation, sir."),
        ("a", "your in luck you have a settlement waiting"),
    ],
    "PH-CLAIM-HOME-SERVICES": [
        ("a", "A technician is in your area right now."),
        ("a", "and we'll waive your deductible of course"),
    ],
    "PH-CLAIM-SOLAR": [
        ("a", "They're free solar panels."),
        ("a", "you will never have an electric bill again"),
        ("a", "there are only 3 homes left in your area"),
    ],
    "PH-CLAIM-PEST": [
        ("a", "It's completely safe for kids and pets."),
        ("a", "the product is EPA approved"),
    ],
    "PH-CLAIM-URGENCY": [
        ("a", "Don't hang up, okay?"),
        ("a", "This offer expires today."),
    ],
    "PH-CLAIM-ABUSIVE": [("a", "Just shut up and listen."), ("a", "i know where you live")],
    "PH-CLAIM-TECH-SUPPORT": [
        ("a", "Your computer has a virus."),
        ("c", "They said my... they said your license has expired."),
    ],
    "PH-PAYMENT-RISKY": [
        ("a", "You can pay with a gift card."),
        ("a", "just send it by western union"),
    ],
    "PH-SENS-PAN": [("a", "And what's your card number?"), ("c", "my card number is four one one one")],
    "PH-SENS-CVV": [("a", "and the three digits on the back"), ("c", "the CVV is three two one")],
    "PH-SENS-EXP": [("a", "What's the expiration?"), ("c", "it expires in june")],
    "PH-SENS-SSN": [("a", "Can I get your social?"), ("c", "my social is five one two")],
    "PH-SENS-BANK": [("a", "I need your routing number."), ("c", "my account number is one two three")],
    "PH-SENS-DOB": [("a", "What's your date of birth?"), ("c", "I'm 67 years old")],
    "PH-SENS-MBI": [("a", "Read me your Medicare card."), ("c", "my medicare number is one e g four")],
    "PH-SENS-PHI": [("c", "Well, I have diabetes."), ("c", "I take metformin for my sugar")],
    "PH-SENS-ID": [("c", "my license number is d one two three"), ("a", "Read me the code on your phone.")],
    "PH-MINOR": [("c", "I'm eleven years old."), ("c", "my mom isn't home")],
    "PH-VULNERABLE": [("c", "I'm confused, what is this?"), ("c", "my daughter handles my money")],
    "PH-FRAUD-CALLER": [("c", "They told me to say yes."), ("c", "how long do i have to stay")],
    "PH-MISDIAL": [("c", "Oh sorry, wrong number."), ("c", "Is this State Farm?")],
    "PH-PRIVACY-REQUEST": [("c", "I want you to delete my information."), ("c", "do not sell my personal information")],
    "PH-LANGUAGE-BARRIER": [("c", "Do you speak Spanish?"), ("c", "¿Habla español?")],
    "PH-IVR-DEADAIR": [("c", "Hello? Hello?"), ("c", "Is anyone there?")],
}

# (conversation, part of the pack ids that must not be raised, unless as mere context)
QUIET: Sequence[tuple[Sequence[Line], str]] = [
    # denials
    ([("c", "you never texted me")], "SMS"),
    ([("c", "No, I did not get a text from anybody.")], "SMS"),
    ([("c", "I don't think I got a text")], "SMS"),
    ([("c", "it's not like you texted me")], "SMS"),
    ([("c", "nobody said you texted me")], "SMS"),
    ([("c", "I haven't got an email")], "EMAIL"),
    ([("c", "nobody called me")], "OUTBOUND"),
    ([("c", "i never said you called me")], "OUTBOUND"),
    ([("c", "you did not leave me a voicemail")], "OUTBOUND"),
    ([("c", "i'm not calling about the gift card")], "INCENT"),
    ([("c", "I didn't win a prize")], "INCENT"),
    ([("c", "i don't have facebook")], "SOCIAL"),
    ([("c", "it was not a recording")], "ROBOCALL"),
    ([("c", "nobody transferred me")], "TRANSFER"),
    ([("a", "I'm not going to transfer you")], "TRANSFER"),
    ([("a", "I have no one else on the line")], "TRANSFER"),
    ([("c", "don't take me off your list")], "DNC-REQUEST"),
    ([("c", "I didn't ask you to stop calling me")], "DNC-REQUEST"),
    ([("c", "I don't want to opt out")], "DNC-REQUEST"),
    ([("c", "i'm not revoking consent")], "DNC-REQUEST"),
    ([("c", "this is not a wrong number")], "WRONG-NUMBER"),
    ([("c", "I don't want you to delete my information")], "PRIVACY"),
    ([("c", "i am not going to sue you")], "LITIGATOR"),
    ([("c", "i don't have cancer")], "PHI"),
    ([("c", "i never had a heart attack")], "PHI"),
    ([("c", "I am not pregnant")], "PHI"),
    ([("a", "there is no cash card that ad is false")], "CLAIM"),
    ([("a", "There's no flex card.")], "CLAIM"),
    ([("a", "there is no such thing as free government money")], "CLAIM"),
    ([("a", "we are not endorsed by medicare")], "CLAIM"),
    ([("a", "I'm not with medicare")], "CLAIM"),
    ([("a", "We don't offer free solar panels")], "CLAIM"),
    ([("a", "Free solar panels do not exist.")], "CLAIM"),
    ([("a", "We can't say everyone is approved")], "CLAIM"),
    ([("a", "I have not said you're guaranteed a settlement")], "CLAIM"),
    ([("a", "you don't have to decide right now")], "CLAIM"),
    ([("a", "there's a new contract each year")], "CLAIM"),
    ([("a", "we never ask you to pay with a gift card")], "PAYMENT"),
    ([("a", "Please do not wire the money")], "PAYMENT"),
    ([("a", "don't pay with bitcoin")], "PAYMENT"),
    ([("a", "we will never send someone to your house")], "ABUSIVE"),
    ([("a", "this isn't a free trial")], "NEGOPT"),
    # questions of ours, answered no or not at all
    ([("a", "did somebody call you today?"), ("c", "no i found you on google")], "OUTBOUND"),
    ([("a", "Did you get a text from us?"), ("c", "No.")], "SMS"),
    ([("a", "did you get a text from us"), ("c", "nope")], "SMS"),
    ([("a", "Did you get an email from us?"), ("c", "No.")], "EMAIL"),
    ([("a", "Were you transferred to us?"), ("c", "no sir")], "TRANSFER"),
    ([("a", "Did anyone offer you a gift card?"), ("c", "nope")], "INCENT"),
    ([("a", "Did you see it on facebook?"), ("c", "no on google")], "SOCIAL"),
    ([("a", "Did you hear it on the radio?"), ("c", "No, a friend told me")], "BROADCAST"),
    ([("a", "Did you get a letter?"), ("c", "I don't think so")], "MAIL"),
    ([("a", "did a recording tell you to press one?"), ("c", "no")], "ROBOCALL"),
    ([("a", "did someone tell you it's completely free?"), ("c", "no")], "CLAIM"),
    ([("a", "are you interested in free solar panels?"), ("c", "no")], "CLAIM"),
    ([("a", "Do you have diabetes?"), ("c", "no")], "PHI"),
    ([("u", "Did you get a text from us?"), ("u", "No")], "SMS"),
    ([("u", "You got a text from us?"), ("u", "No I did not")], "SMS"),
    # others' words, conditions
    ([("a", "So you're saying you got a text from us?"), ("c", "no, I said I called")], "SMS"),
    ([("a", "you said i got a text is that right")], "SMS"),
    ([("a", "they may tell you it's completely free")], "CLAIM"),
    ([("a", "if anyone says I'm with medicare, hang up")], "CLAIM"),
    ([("a", "beware of free government money")], "CLAIM"),
    ([("c", "if you emailed me i would know")], "EMAIL"),
    ([("c", "if i got a text i would tell you")], "SMS"),
    # near by in words, far in meaning
    ([("c", "I'll text you my address")], "SMS"),
    ([("c", "can you text me the details")], "SMS"),
    ([("c", "my doctor emailed me")], "EMAIL"),
    ([("c", "can you send me an email")], "EMAIL"),
    ([("c", "you called it a giveback")], "OUTBOUND"),
    ([("c", "you called my doctor")], "OUTBOUND"),
    ([("c", "can you call me back tomorrow")], "OUTBOUND"),
    ([("c", "I bought a gift card for my mom")], "INCENT"),
    ([("c", "i bought a walmart gift card for my mom")], "INCENT"),
    ([("c", "call me next week instead")], "DNC"),
    ([("c", "I have an eleven year old")], "MINOR"),
    ([("c", "i'm ten minutes away")], "MINOR"),
    ([("c", "I'm sixteen miles from town")], "MINOR"),
    ([("c", "i gave you permission")], "CONSENT"),
    ([("c", "my neighbor has cancer")], "PHI"),
    ([("c", "I saw it in the newspaper")], "CHAN"),
    ([("c", "why would i sue you")], "LITIGATOR"),
    ([("c", "we never got around to it. The text of the contract is long.")], "SMS"),
]
