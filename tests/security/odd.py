"""Odd words: what people paste, what programs choke on, and what somebody tries who means harm."""

from hypothesis import strategies as st

MARK = "zq7xfuzz"
"""Stands in whatever is made up, so that it can be looked for where it must not be."""

FAMILY = "👩‍👩‍👧‍👦"
ZALGO = "p̷̢̛̛a̸̧̛̛i̵̢̛̛n̶̢̛̛" * 20
LIVE = "@everyone @here <@1> <@&2> <#3> </setup:4> <t:0:R> [free](https://evil.example) https://evil.example"

NASTY = (
    "\u202egnorw\u202c",
    "\u2066\u2069\u200b\u200e\ufeff",
    "\x00",
    "\x1b[31m",
    "\u2028\u2029\x85",
    FAMILY * 30,
    ZALGO,
    "x" * 4000,
    "𝕏" * 1000,
    "   ",
    "\n\n\n",
    LIVE,
    "```\n**b** ~~s~~ ||h|| > q\n# big\n- list\n1. one",
    '=HYPERLINK("http://evil.example")',
    "+1\t@SUM(1)",
    "'; DROP TABLE member; --",
    "../../etc/passwd",
    "{0} %s %n ${jndi:x} {{7*7}}",
    "localtime",
    "9" * 400,
    "-1",
    "1e309",
    "NaN",
    "٣",
    "[1, 2] | low | why. [99]",
    "null",
)

LONELY = "\ud800"
"""Half a pair of surrogates: no UTF-8 holds it, so it can come out of JSON, and out of nothing else."""

words = st.lists(st.sampled_from(NASTY) | st.text(max_size=40), min_size=1, max_size=3).map("".join)
lonely = words.map(lambda text: f"{text}{LONELY}")
marked = words.map(lambda text: f"{MARK}{text}")
