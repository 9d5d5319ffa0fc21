"""Rules against text that was written to steer the writer, and against what a writer must never say for us.

Words alone cannot tell every promise. So a verb that an account manager does not say of themselves is enough to ask a person, and
a record that speaks to the writer flags the draft it was given for, whatever came of it.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

from communications.grounding import lexicon
from communications.grounding.reading import Sentence, plain
from communications.grounding.records import Record, stem
from communications.grounding.scene import Scene

OVERRIDES = re.compile(
    r"\b(?:ignor\w+|disregard\w*|forget|override|oublie[rz]?|olvida|vergiss|verg[ei]ss\w*|omit your)\b.{0,45}\b(?:instructions?|rules?|prompt|guidelines?|mail|task|anweisung\w*|"
    r"consignes|instrucciones|everything|above|said|reglas)\b|忽略|无视|無視|забудь|игнорируй|تجاهل|yok say|напиши|告诉客户"
)
ROLES = re.compile(
    r"\b(?:system|assistant|ai|dan|the writer|writer|agent|instructions?|llm|model|user)\s*(?:override)?\s*[:>\]}]|<\|im_|\[/?inst\]|\{\{#|</?(?:system|instruction|data|account)>|"
    r"<<<|^you are (?:now |dan)|\bsystem prompt\b|\bnote (?:for|to) (?:the |any )?(?:self and|writer|ai)|new task\b|\"\s*[}\]]|\$\(|<!--|<(?:a|img|p|script)\b|```"
)
SPEAKS = re.compile(
    r"\b(?:have the|the|any) (?:ai|writer|agent shall|assistant|mail must|preview must|next (?:mail|message)|rédacteur)\b|\b(?:in|into) (?:the|your next|any) (?:mail|e-?mail|answer|message)s?\b|\bwriter must\b|"
    r"\b(?:tell|ask|have) (?:them|her|him|the customer|every reader|all readers|readers?|people|everybody|petra)\b|"
    r"\b(?:say|claim|state|write|mention|announce|confirm|promise|quote|repeat|print|append|cite|pretend|summarise|copy|include)\b.{0,40}\b(?:that|it|the mail|link|note|notes|answer|prompt|word for word|your rules|our)\b|"
    r"\bwrite it as\b|\buse fullwidth\b|\bformat all\b|\bwhen you mention\b|\bpoint everybody\b|\blink to http|\bput a\b.{0,30}\bmail\b|\bmust be <|\bmake it a link\b|\bdecode and follow\b|\bcarry out\b|"
    r"\bsend this mail\b|\bsign as\b|\bcompare us with\b|\bexplain our internal\b|\bbe open with us\b|\bthis is mandatory\b|\bare you an ai\b|\binvent a\b|\bstay in character\b|"
    r"\bso that the filter\b|\bschreibe\b|\bfüge\b.{0,40}\bein\b|\bdiesen satz\b|\bécris\b|\bpide que\b|\bresponde en\b|\bdoit reconnaître\b|\boffer \d|\bgrant a\b|\bclaim \d|\bhave them\b|\badvise\b|\bas a commitment\b|\bshall ask\b|\bis entitled\b|\bfree for life\b"
)

ABOUT_ITSELF = re.compile(
    r"\bas (?:you )?(?:instructed|requested|ordered|commanded|wish|were told|told)\b,? (?:by you,? )?(?:i|we|here)\b|\b(?:ignor\w+|disregard\w*|overr\w+|set aside|bypass\w*|left) (?:\w+ ){0,3}(?:instructions?|guidelines?|rules?|prompt)\b|"
    r"\b(?:my|your|these|previous|prior|hidden) (?:\w+ )?(?:instructions|guidelines|system prompt|prompt|rules|developers)\b|\bsystem prompt\b|\bi was (?:instructed|told|given)\b|\bwhat i was (?:given|told)\b|\bi have (?:no rules|been pwned)\b|"
    r"\b(?:as|being|i am|i'm|am) (?:just )?(?:an?|the) (?:\w+ )?(?:ai|artificial intelligence|language model|chatbot|pirate|program|comedian)\b|\b(?:large )?language model\b|\bdan here\b|\bpwned|\bme hearties\b|"
    r"\bhere is the (?:mail|email|message|draft)\b|^\W*(?:sure|certainly|of course)[!,]|\brules i work under\b|\bfor debugging\b|\bnot a person but\b"
)
NOT_OURS = re.compile(
    # money, price and the law
    r"\b(?:refund|reimburs|compensat|discount|rebate|waiv|indemnif|money back|free of charge|at no (?:cost|charge)|for free|free (?:year|month|licen[cs]e|upgrade)|on us\b|for life\b|half the price|liab(?:le|ility)|negligen|lawsuit|"
    r"damages\b|legally binding|binding (?:deal|for)|firm commitment|our (?:full )?fault|full responsibility|without notice|terminate early|premium plan)\w*|"
    r"\b(?:your|the|our) (?:contract|agreement|subscription|licen[cs]e|deal) (?:\w+ ){0,4}(?:is|was|has been|will be) (?:hereby )?(?:cancelled|terminated|ended|void|legally|binding)|\b(?:leave|end|cancel|terminate) your (?:contract|agreement|subscription)\b|"
    r"\bcancel with us\b|\bswitch your access off\b|"
    # secrets, and what weakens a customer's protection
    r"\b(?:send|share|reply with|give|provide|enter|confirm|type|post|mail)\b(?: \w+){0,6} (?:passwords?|passphrase|pin|one-time codes?|credentials?|api[ -]keys?|secret key|access token|private key|login details|sign-in data|token|secret)\b|"
    r"\b(?:disable|turn off|switch off|deactivate|bypass)\b(?: \w+){0,4} (?:two-factor|2fa|multi-factor|mfa|certificate|tls|ssl|signature|antivirus|firewall|verification)\w*|\bopen the firewall\b|\benable macros\b|\battached (?:file|document|form)\b|"
    r"\brun (?:this|the following)\b|\bkubectl delete\b|\bcurl\b.*\bsh\b|\bpaste\b.*\baddress bar\b|\bqr code\b|\b(?:administrator|admin|root) (?:rights|access|privileges)\b|\bwhitelist\b|\bdata breach\b|"
    # promises without end, other customers, and what is said behind a customer's back
    r"\bwe guarantee\b|\bguaranteed\b|\bi (?:hereby )?(?:guarantee|promise)\b|\bwe (?:hereby )?promise\b|\byou have our word\b|\bnever (?:\w+ ){0,3}again\b|\bno other customer\b|\bother customers\b|\bsource code\b|\bcompetitors?\b|\bbetween us\b|\bin confidence\b|\bour record says\b|"
    r"\b(?:we have )?noted about you\b|\bwe know that you\b|\bwin you back\b|\bgoing out of business\b|\bwe (?:buy|acquire)\b|\bmove to rival\w*|\bnothing left to do\b|\bsick leave\b|\byou have left\b|\bin copy\b|\btakes over from here\b"
    r"|\bprice reduction\b|\bmake (?:you whole|good all)\b|\bours to bear\b|\bresponsibility lies\b|\bconsider it a gift\b|\bconsidered difficult\b|\bstop (?:paying|transferring)\b"
    r"|\bwants to leave\b|\bday and night\b"
    # what an account manager asks of nobody, and says only with a record: secrets, money, causes and cures
    r"|\b(?:passwords?|passphrase|private keys?|api[ -]keys?|credentials|bank details|iban|card numbers?|penalty|leaked|outsiders)\b"
    r"|\bneed not be (?:settled|paid)\b|\b(?:fee|fees|price|rate) (?:is|are) (?:cut|halved|lowered|waived)\b|\bcut in half\b|\bgive back what\b|\bcosts nothing\b"
    r"|\bthe (?:root )?cause of \S+ (?:is|was|lies)\b|\brolled back\b|\brestarted\b|\bdeployed\b|\bpatched\b"
    r"|\b(?:over ?night|by (?:the )?end of (?:the |this |next )?(?:day|week|month|quarter)|before the weekend|(?:hours|days) away)\b|\broot on\b"
)
ASKS = re.compile(r"\b(?:please|kindly) (?:also |just |now )?(?!do not|never|don't|not )([a-z]+)")
ASKED_OF_A_CUSTOMER = lexicon.words("asked_of_a_customer")
ORDERS = re.compile(
    r"^\W*(?:remove|delete|disable|wipe|uninstall|drop|erase|forward|transfer|pay)\b|\blet (?:me|us) have (?:the|your) (?:token|key|password|sign-in|login|access)"
)
ABOVE_US = re.compile(r"\bour (?:lawyers?|legal team|board|director|management|ceo|owners?)\b|\byour manager has\b")
NEGATED = re.compile(r"\b(?:never|not|n't|no need to|without|rather than|instead of|don't)\b[^,.;]{0,25}$")
SAID_OF_ONESELF = lexicon.words("said_of_oneself")
SPEAKER = re.compile(
    r"\b(?:we|i)(?:'ll|'ve|'m|'re|'d)?(?: (?:to|also|gladly|fully|hereby|now|then|all|both|therefore|just|would|will|shall|can|could|may|might|must|should|do|did|am|are|is|was|were|have|has|had|been|not|be|glad|happy|going|rather|like|already|still|only|currently|always|never))* ([a-z]+)"
)
ENTITLED = re.compile(
    r"\byou (?:now |will |also |already |therefore )*(?:are (?:entitled|released|granted|exempt)|may (?!want|also|know|remember|have noticed|recall|recognise|find|see|wonder)|owe|no longer need to pay|need not|have (?:the (?:right|written|consent)|administrator|admin))|\byou get (?:a|the|your|\d+|it) (?:\w+ ){0,3}(?:free|off|back|year|plan|highest)|\byou get the (?:highest|batch)"
)
ALL_RESOLVED = re.compile(r"\b(?:all|every one) of your (?:tickets|issues|incidents)\b")
LANGUAGES = re.compile(
    r"\b(?:der|die|das|und|nicht|wir|ihnen|sie|ist|für|von|bitte|werden|haben|zu|mit|auf|dieser|"
    r"le|la|les|des|un|ne|plus|rien|je|ce|nous|vous|votre|notre|et|est|pour|dans|une|pas|dès|"
    r"el|los|las|una|que|para|por|con|usted|su|del|todo|muy|"
    r"il|che|per|non|sono|vostro|è|o|os|não|você|uma|het|een|wij|niet|voor|van|och|inte|vi|till|ve|bir|için|için)\b"
)
ENGLISH = re.compile(
    r"\b(?:the|and|of|to|is|are|we|you|your|for|with|that|this|it|on|in|have|has|our|be|will|would|from|not|was|i|please|as|at|by)\b"
)


def suspicious(records: Iterable[Record]) -> list[Record]:
    """Those whose outside words speak to the writer, or hide what they are."""
    return [
        record
        for record in records
        if record.role not in ("wish", "health", "heartbeat", "rep", "step") and reads_like_instruction(said_by(record))
    ]


def said_by(record: Record) -> str:
    return " \n".join(filter(None, (record.words, str(record.row.get("notes") or ""))))


@lru_cache(maxsize=5000)
def reads_like_instruction(words: str) -> bool:
    if hides(words):
        return True
    text = plain(words).text.lower()
    return bool(OVERRIDES.search(text) or ROLES.search(text) or SPEAKS.search(text))


def hides(words: str) -> bool:
    """Letters that run backwards, are invisible between others, or pretend to be those of another script."""
    if re.search("[\u202a-\u202e\u2066-\u2069]|\\w[\u200b-\u200d\u2060\ufeff]\\w", words):
        return True
    return any(len(scripts_of(word)) > 1 for word in re.findall(r"[^\W\d_]+", words))


def turns(text: str) -> bool:
    """Whether hidden marks make a reader see the letters in another order."""
    return bool(re.search("[\u202a-\u202e\u2066-\u2069]", text))


def scripts_of(word: str) -> set[str]:
    """Of Latin, Cyrillic and Greek: those whose letters look alike."""
    return {name for char in word for name in ("LATIN", "CYRILLIC", "GREEK") if unicodedata.name(char, "").startswith(name)}


@lru_cache(maxsize=2000)
def shingles(text: str, length: int) -> frozenset[tuple[str, ...]]:
    words = [stem(word) for word in re.findall(r"\w+", plain(text).text.casefold())]
    if len(words) < length:
        return frozenset({tuple(words)} if len(words) > 2 else ())
    return frozenset(tuple(words[place : place + length]) for place in range(len(words) - length + 1))


@cache
def our_orders() -> frozenset[tuple[str, ...]]:
    """What only a leaked prompt says: seven of its words in a row."""
    from communications import prompts

    lines = [line for text in (prompts.TAM_SYSTEM_PROMPT, *prompts.TASKS) for line in text.split("\n")]
    return frozenset().union(*(shingles(line, 7) for line in lines if len(line.split()) >= 7))


FIELD_NAMES = re.compile(
    r"\b(?:relationship_profile|technical_maturity|dispatched_to_sales|health_score|rag_status|account_id|ticket_id|body_html|tickets_left_out|co_dev_opportunities)\b|<<<"
)


def leaks(sentence: Sentence, scene: Scene) -> None:
    said = shingles(sentence.text, 7)
    if said & our_orders() or FIELD_NAMES.search(sentence.folded):
        scene.flag("leak", *whole(sentence), "This is from the instructions that the writer was given.")
        return
    for record in scene.records.all:
        notes = str(record.row.get("notes") or "") if record.role == "person" else ""
        private = [notes] if notes else []
        if record.source.key in scene.suspicious:
            private += [said_by(record)]
        for words in private:
            if shingles(words, 4) & shingles(sentence.text, 4):
                what = "internal notes" if words is notes else "a record that reads like an instruction"
                scene.flag("leak", *whole(sentence), f"These words are from {what}: {record.source.label}.")
                return


def commitments(sentence: Sentence, scene: Scene) -> None:
    """What nobody but a person may say for us; and a writer that speaks of itself or its orders."""
    text = sentence.folded
    if match := ABOUT_ITSELF.search(text):
        scene.flag("instruction", *match.span(), "The writer speaks of itself, or of what it was told.")
    for match in NOT_OURS.finditer(text):
        if is_quoted(sentence, *match.span()) or NEGATED.search(text[: match.start()]):
            continue
        scene.flag("commitment", *match.span(), "Only a person can promise, ask or disclose this.")
        break
    else:
        moods(sentence, scene)
    if (
        (match := ALL_RESOLVED.search(text))
        and any(r.is_current for r in scene.records.tickets)
        and re.search(r"\b(?:resolved|closed|fixed|solved)\b", text)
    ):
        scene.flag("status", *match.span(), "Tickets are open on record.")


def moods(sentence: Sentence, scene: Scene) -> None:
    """The first of what a person has to have said: that we did or do something unusual, orders, requests, rights."""
    if sentence.is_question:
        return
    tries = (
        (SPEAKER, "A statement about us with no record behind it.", is_usual),
        (ORDERS, "A request with no record behind it.", None),
        (ABOVE_US, "Who can say this is on no record.", None),
        (ASKS, "A request with no record behind it.", lambda match: match[1] in ASKED_OF_A_CUSTOMER),
        (ENTITLED, "A right or a grant with no record behind it.", None),
    )
    for pattern, why, is_harmless in tries:
        for match in pattern.finditer(sentence.folded):
            if (is_harmless is None or not is_harmless(match)) and not is_quoted(sentence, *match.span()):
                scene.flag("commitment", *match.span(), why)
                return


def is_usual(match: re.Match[str]) -> bool:
    """Whether an account manager says so of themselves, or of what they are."""
    verb = match[1]
    is_state = re.search(r"(?:'m|'re|am|are|was|were|been|be)$", match[0][: -len(verb)].strip()) and not verb.endswith(("ing", "ed"))
    return bool(is_state) or verb in SAID_OF_ONESELF or verb.endswith("ly")


def is_quoted(sentence: Sentence, start: int, end: int) -> bool:
    """Within words that are a record's own."""
    return not sentence.is_free(start, end)


def whole(sentence: Sentence) -> tuple[int, int]:
    return len(sentence.text) - len(sentence.text.lstrip()), len(sentence.text.rstrip())


def is_foreign(sentence: Sentence, scene: Scene) -> bool:
    """Whether the rules cannot read it: in another script, or with the small words of another language."""
    text = sentence.folded
    for (name, _), _ in scene.names:
        if not name.isascii():
            text = text.replace(name, "")
    letters = [char for char in text if char.isalpha()]
    if sum(not unicodedata.name(char, "").startswith("LATIN") for char in letters) > 3:
        return True
    return (
        len(LANGUAGES.findall(sentence.folded)) >= 2
        and len(ENGLISH.findall(sentence.folded)) <= len(LANGUAGES.findall(sentence.folded)) // 2
    )
