"""Word lists: what people's words mean, and which of them mean nothing here."""

import re


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


STOP = _set_of(
    """
    a about above actually again all almost already also although always am an and another any anybody anymore anyone
    anything apparently are arent around as ask asked asking at away b back basically be because been before being
    between both bunch but by call called came can cannot cant come coming could couldnt d did didnt do does doesnt
    doing done dont dr each either else enough even ever every everybody everyone everything few find for found from
    gave get gets getting give given gives giving go goes going gone gonna good got gotten had has hasnt have havent
    having he hello help helped helpful helping helps her here hers hi him his how however hows i id if ill im in into
    is isnt it its itself ive just keep keeps kind know let lets like ll loads lol look lot lots m made make makes
    making many may maybe me mean means might mine more most much must my myself near need needed needing needs never
    next no nor normal not nothing now of off ok okay on once one ones only or other others our out over own people
    per perhaps person please put quite rather re really reply s said same saw say saying says see seem seems seen
    sent set sets shall she should shouldnt since so some somebody someone something sometimes somewhere soon sorry
    sort sounds started starting still stuff such supposed sure t take taken takes taking tell telling than thank
    thanks that thats the their them then there theres these they theyre thing things think thinking thinks this those
    though through thru till to told too took totally tried tries try trying two until up upon us use used uses using
    usually ve very wanna want wanted wants was wasnt way we well went were weve what whatever whats when where
    whether which while who whole whos whose why will with without wont work worked working works worth would wouldnt
    yeah yes yet you your youre yourself
    """
)
"""Words that say nothing about what a text is about."""

CHATTER = _set_of(
    """
    aunt aunty boyfriend brother cousin dad daughter family father friend girlfriend gran grandma husband mate mother
    mum mom nan neighbour neighbor partner sister son uncle wife
    consultant doctor doctors gp nurse rheumatologist rheumy
    facebook group instagram internet online reddit tiktok youtube
    day days month months week weeks weekend year years morning night today tomorrow tonight yesterday
    """
)
"""Who said it, where and when: it counts a little where a card speaks of it, and not at all where none does."""

LAY = (
    "tired tiredness fatigue fatigued exhausted exhaustion drained shattered wiped",
    "painkiller opioid opiate narcotic",
    "painkiller nsaid",
    "drip infusion iv intravenous",
    "tablet pill medicine medication meds drug",
    "dizzy dizziness lightheaded woozy",
    "sick nausea nauseous vomit vomiting puke queasy",
    "bladder pee peeing urine urinate wee wetting",
    "tummy stomach belly gut",
    "breath breathe breathing",
    "drowsy drowsiness sleepy sleepiness sedated sedation groggy zombie",
    "sleep asleep slept insomnia awake wake waking",
    "addicted addiction addictive dependence hooked misuse",
    "fit seizure epilepsy convulsion",
    "heart heartbeat palpitation pulse",
    "swollen swelling puffy",
    "fat obese obesity overweight slim slimming",
    "forget forgetful memory",
    "shaking shaky tremor",
    "alcohol beer booze drink drinking drunk wine",
    "pregnant pregnancy baby",
    "doctor gp physician clinician",
    "physio physiotherapist physiotherapy",
    "counselling counselor counsellor therapist talking",
    "class course lesson education",
    "depressed depression sad down mood",
    "anxious anxiety worried worry",
    "libido sex sexual",
    "diarrhoea runs",
    "fake faking imaginary",
    "evidence proof proven prove",
    "danger dangerous harm risk risky unsafe",
    "magnet magnetic",
    "electric electrical electricity zap",
    "itch itchy rash",
    "operation surgery surgical",
    "anaesthetic numb numbing",
    "cannabis ganja marijuana weed",
    "barbell dumbbell gym strength",
    "pool swim swimming",
    "bike biking cycle cycling",
    "ache hurt pain painful sore",
    "diet eat eating food keto vegetarian",
    "walk walking jog jogging run running",
    "ibuprofen motrin",
    "paracetamol acetaminophen",
    "quit stop stopping",
    "suddenly overnight abruptly",
    "legal controlled illegal",
    "old older elderly",
    "flare flair",
    "dementia alzheimer alzheimers",
    "scan mri xray",
    "sun sunlight sunshine",
    "dream nightmare",
    "injection jab shot",
    "cancer chemo oncologist tumour",
    "cost expensive price",
)
"""Words that stand for one another when people who are not clinicians write. A word may be in several groups."""

PHRASES = {
    "throw up": "vomit",
    "throwing up": "vomiting",
    "cold turkey": "stop suddenly",
    "come off": "stop",
    "coming off": "stopping",
    "put on": "gain",
    "the point of": "",
    "good morning": "",
    "good night": "",
}

SPELLINGS = (
    ("isation", "ization"),
    ("ise", "ize"),
    ("ising", "izing"),
    ("yse", "yze"),
    ("our", "or"),
    ("ae", "e"),
    ("oe", "e"),
    ("sulph", "sulf"),
    ("tre", "ter"),
    ("bre", "ber"),
    ("ogramme", "ogram"),
    ("lling", "ling"),
    ("lled", "led"),
)
"""British and American."""

EVERYDAY = _set_of(
    """
    act ami badday concentration crash cycling diagnose diagnosed diagnosing diagnosis diet edibles energysaving fit
    flare flares flexi fm foggy gaba k mag mood needles needling oxy pacing pot prevalence ra setback specialk spoons
    tram trams vegan walking weed weights
    """
)
"""Names, run together, that have another life in English: alone they do not show what a question is about."""

NEGATION = _set_of(
    """
    arent cannot cant didnt doesnt dont few hardly isnt neither never no nobody none nor not nothing wasnt werent
    without wont
    """
)

STANCES = {
    "no cure": re.compile(r"\b(?:no|not a|isnt a|doesnt|does not|cannot|cant|wont|not) (?:cure|cured|fix|heal)\b"),
    "useless": re.compile(
        r"\b(?:(?:do|does|did|will|would|can) not|dont|doesnt|didnt|wont|wouldnt|never|cant|cannot) (?:\w+ )?"
        r"(?:works?|helps?|do anything|touch)\b|\b(?:do|does|did) nothing\b|\bno (?:better than|use|good)\b"
        r"|\b(?:useless|pointless|nonsense|scam|rubbish|snake oil)\b|\bwaste of \w+\b"
    ),
    "cure": re.compile(
        r"\b(?:cure[ds]?|miracle|heal(?:s|ed)?|rid of|fix(?:es|ed)?|pain free|pain goes)\b"
        r"|\b(?:goes|go|went|gone|take[ns]?|took)(?: \w+){0,4} away\b"
    ),
    "works": re.compile(
        r"\b(?:work(?:s|ed)?|help(?:s|ed|ful)?|ease[ds]?|relie(?:f|ves?|ved)|treat(?:s|ed)?|reduce[sd]?|proven?"
        r"|effective|breakthrough|game changer|swears? by)\b"
    ),
    "safe": re.compile(
        r"\b(?:safe|harmless|fine|cannot hurt|cant hurt)\b"
        r"|\b(?:no|zero|without|any) (?:side effects?|risks?|harms?|interactions?)\b"
    ),
    "fake": re.compile(
        r"\b(?:placebo|sugar pill|fake|faking|sham|imagin(?:e|ed|ary)|made up)\b"
        r"|\bin (?:your|my|our|the|their) (?:head|mind)\b"
    ),
    "all": re.compile(r"\b(?:everyone|everybody|anyone|always|most people|all (?:people|of us)|for all)\b"),
}
"""What people say of any treatment, however they put it. "Does not work" is one thing, and not a kind of "works"."""
