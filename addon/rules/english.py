# ruff: noqa: E501, SIM905 - these are tables; a broken line would read worse than a long one
"""English: words to find and phrases to say."""

from addon.rules.says_english import SAYS
from addon.rules.tongue import Tongue

_VERBS = (
    "add|approve|archive|assign|attach|be able|book|browse|buy|cancel|change|check|choose|close|compare|configure|copy|create|"
    "define|delete|disable|download|edit|enable|enter|export|filter|find|get|import|invite|link|list|manage|merge|move|notify|"
    "open|order|pay|print|publish|receive|register|reject|remove|rename|reset|restore|review|save|schedule|search|see|select|"
    "send|set|share|show|sign|sort|submit|subscribe|sync|test|track|update|upload|verify|view|write"
)

_DONE = (
    "open|click|tap|press|select|choose|enter|type|add|remove|delete|rotate|turn|scroll|swipe|drag|drop|save|submit|upload|download|"
    "close|reload|refresh|restart|start|launch|switch|fill|install|visit|search|create|edit|change|navigate|pay|order|resize|copy|paste|"
    "export|import|print|filter|sort|check|untick|tick|enable|disable|apply|use|lock|unlock|register|confirm|cancel|accept|reopen|hover"
)
_DEEDS = (
    rf"(?:{_DONE}|go|put|set|buy|send|run|log (?:in|out|on)|sign (?:in|out|up))|went|chose|bought|sent|ran|logged (?:in|out|on)|"
    rf"signed (?:in|out|up)|(?:{_DONE})(?:ed|d|ped|ped)|put|set"
)
_DOING = (
    rf"(?:{_DONE})(?:ing|ping|ting)|rotating|closing|choosing|removing|deleting|saving|typing|using|changing|navigating|creating|going|"
    "putting|setting|buying|sending|running|logging (?:in|out|on)|signing (?:in|out|up)"
)

ENGLISH = Tongue(
    code="en",
    role=r"as (?:an?|the)|in (?:my|the) role (?:of|as) an?",
    goal=r"(?:i want|i need|i would like|i'd like|i wish|i can|i should be able|i must be able|we want|we need|we would like|"
    r"(?:he|she|they) wants?|would like)(?: to be able)?(?: to(?= ))?",
    benefit=r"so that|so as to|in order to|in order that|so (?:i|we|they) (?:can|do|don't|am|are|need not|need)|because",
    joins=rf"(?:,? (?:and|or)(?: also| then| to)?|,? as well as|, then| &) +(?=(?:{_VERBS})\b)",
    verb=rf"{_VERBS}|\w+(?:ed|ing|ly)",
    action=rf"(?:and |then |next |now |first |finally |after that |just |again )?(?:"
    rf"(?P<who>(?:(?:when|if|after|once|while|as soon as) )?(?:i|we|you|they|he|she|the user|a user|users|customers?)(?: have| had|'ve)?"
    rf"(?: then| also| just| again)? )(?:(?:{_DEEDS})|(?:{_DONE}|go|log|sign|put|set|run|send)(?:s|es))|"
    rf"(?P<by>(?:when|after|while|by|on|before) )(?:{_DOING})|(?:{_DEEDS}))",
    objects=frozenset("the a an to on in into onto from out up down with your my our any some this that it its both two three again back through for at as".split()),
    parting=r"[,;:>→]|\b(?:and|then)\b",
    work=rf"{_VERBS}|run|implement|build|extend|replace|migrate|refactor|document|write|design|read|keep|rename|split|deploy|log|cache|store|validate|introduce|"
    "provide|support|handle|drop|clean up|call|fetch|render|translate|measure|alert|monitor|generate|convert|use|make|let|allow|prevent|block|fix|upgrade|bump|index",
    deed=r"(?:(?<= to )|(?<= can )|(?<= able ))(?!be )[a-z]{2,}",
    gherkin="given|when|then|scenario",
    vague={
        "speed": "fast|faster|quick|quickly|quicker|slow|slowly|performant|responsive|as (?:fast|quickly) as possible|"
        "high performance|low latency",
        "moment": "as soon as possible|asap|in a timely manner|soon|in time|regularly|from time to time",
        "ease": r"user[- ]?friendly|easy|easily|easier|simple|simply|intuitive|convenient|seamless|seamlessly|smooth|smoothly|"
        "ergonomic|accessible to everyone",
        "amount": "several|some of the|certain|various|numerous|large (?:files?|amounts?|numbers?|volumes?)|a lot of|lots of|a few|a number of|many|most of the|frequently|often",
        "condition": "if (?:necessary|needed|required|possible|applicable|appropriate)|as (?:needed|required|necessary|appropriate)|"
        "when(?:ever)? (?:necessary|needed|appropriate|possible)|where (?:possible|appropriate|applicable)|usually|normally",
        "open": r"(?<!/)etc(?!/)|and so on|and so forth|and more|and/or|such as but not limited to|among others|or similar|or something",
        "look": "modern|beautiful|(?<!would be )nice|nicely|nicer|attractive|pretty|sleek|appealing|professional|state[- ]of[- ]the[- ]art",
        "quality": "robust|flexible|efficient|efficiently|reliable|"
        "better|best|messy|tidy|(?<!would be )good|adequate|adequately|appropriate|appropriately|suitable|properly|reasonable|optimal|high[- ]quality",
        "change": "improve|improved|improvements?|enhance|enhanced|enhancements?|optimi[sz]e|optimi[sz]ed|optimi[sz]ations?|streamline|"
        "moderni[sz]e|clean (?:it )?up|significant(?:ly)?|considerabl[ey]|substantial(?:ly)?|noticeabl[ey]|refresh the (?:look|design)",
        "later": r"tbd|tba|tbc|to be (?:defined|decided|determined|confirmed|clarified|discussed)|to do later|not (?:yet )?decided",
    },
    headings={
        "purpose": ("goal", "goals", "purpose", "why", "motivation", "business value", "value", "benefit", "benefits", "rationale", "objective"),
        "criteria": ("acceptance criteria", "acceptance criterion", "acceptance", "criteria", "rules", "business rules", "definition of done", "done when", "dod", "ac"),
        "scope": ("out of scope", "not in scope", "out-of-scope", "non-goals", "non goals", "exclusions", "excluded"),
        "errors": ("error cases", "error case", "error handling", "errors", "edge cases", "failure cases", "failures"),
        "permissions": ("permissions", "permission", "access rights", "access", "authorization", "authorisation", "who may"),
        "notes": ("notes", "note", "remarks", "remark", "constraints", "background", "context", "ideas", "nice to have", "nice-to-have", "open questions", "questions",
                  "links", "references", "screens", "screenshots", "mock-ups", "mockups", "attachments", "examples", "example", "history"),
        "data": ("data", "fields", "data model", "inputs", "input"),
        "steps": ("steps to reproduce", "steps", "how to reproduce", "to reproduce", "reproduction steps", "reproduction", "repro steps", "repro"),
        "expected": ("expected result", "expected results", "expected behaviour", "expected behavior", "expected", "what should happen"),
        "actual": ("actual result", "actual results", "actual behaviour", "actual behavior", "actual", "observed", "current behaviour",
                   "current behavior", "what happens", "error message"),
        "environment": ("environment", "env", "browser", "version", "platform", "device", "affected version", "system"),
        "reproducible": ("frequency", "reproducibility", "reproducible", "how often"),
        "impact": ("impact", "severity", "affected users", "business impact", "workaround"),
    },
    signs={
        "waits": r"depends? on (?!nothing|no other)|dependent on|blocked by|waiting for|wait for|prerequisite|cannot start (?:before|until)|"
        r"(?:once|after|as soon as) [^.\n]{1,60} (?:is|are|has been|have been) (?:done|ready|merged|released|deployed|available|finished)",
        "error": r"errors?|invalid|fail(?:s|ed|ing|ure|ures)?|reject(?:s|ed)?|refus(?:es|ed)|timeout|times out|offline|unavailable|wrong|"
        r"missing|too (?:long|large|many|big)|exceed(?:s|ed)?|duplicates?|empty|not found|warning|retry|retries|tries (?:it )?again|(?:do|does|did) not answer|declined|expired?",
        "right": r"permissions?|allowed|authori[sz]ed|only (?:for|by|the|an?)|only (?:\w+ ){1,3}(?:can|may|see|have|get)|access rights?|may (?:not )?(?:see|edit|view|delete|change)|(?:with|without|has|have|lacks?) the right|"
        r"roles?|admins? only|not visible to|signed[- ]in|logged[- ]in",
        "data": r"deletes?|deleted|edits?|edited|shares?|shared|approves?|approved|exports?|downloads?|invites?|assigns?|publish(?:es)?|"
        r"configures?|restores?|grants?",
        "input": r"forms?|fields?|imports?|exports?|uploads?|uploaded|enters?|entered|reports?|csv|spreadsheets?|records?|profiles?|files?",
        "exact": r"required|mandatory|optional|maximum|minimum|max\.?|min\.?|at (?:most|least)|characters|format|iso 8601|utf-?8|columns?|"
        r"kb|mb|gb|digits|default value",
        "secret": r"passwords?|passphrase|personal data|gdpr|credit cards?|card number|cvv|cvc|iban|bank (?:account|details)|health data|"
        r"medical|date of birth|social security|passport|api keys?|access tokens?|biometric|fingerprint|tax id",
        "loss": r"delet(?:e|es|ed|ing|ion)|remov(?:e|es|ed|ing) (?:all |old |existing )?(?:data|records?|entries|users|accounts|customers|orders)|migrat(?:e|es|ed|ing|ion)|overwrit(?:e|es|ten|ing)|"
        r"purg(?:e|es|ed|ing)|drop (?:table|column)|bulk (?:edit|change|update)",
        "outside": r"third[- ]part(?:y|ies)|external (?:system|service|api|provider)|vendor|partner api|webhooks?|payment provider|"
        r"sso|saml|oauth|ldap|stripe|paypal|salesforce|sap|twilio",
        "told_steps": r"when (?:i|we|you|the user|a user|users|clicking|opening|saving|trying|using)|if (?:i|we|you) (?:click|open|save|try|enter)|"
        r"after (?:i|we|you|clicking|opening|saving|entering|logging|signing|the update)|click(?:s|ed|ing)? (?:on )?|i (?:opened|went|entered)",
        "told_expected": r"should(?:n't)?|expected|expect|expecting|supposed to|instead of|ought to|i(?: would|'d) (?:expect|have expected)|(?<!\bi )(?<!we )(?<!you )must(?:n't)?",
        "told_actual": r"errors?|exceptions?|crash(?:es|ed|ing)?|fail(?:s|ed|ing)?|broken|doesn't|does not|do(?:n't| not)|did(?:n't| not)|is(?:n't| not)|are(?:n't| not)|was(?:n't| not)|cannot|can't|can not|"
        r"could(?:n't| not)|won't|will not|nothing happens|freez(?:es|ing)|froze|hangs?|hung|blank|wrong|stack ?trace|http [45]\d\d|\b[45]\d\d\b|stopped|missing|"
        r"(?:app|page|window|dialog|browser|screen|program) (?:closes|closed|quits|quit|disappears|vanishes|reloads)|stays|stayed|remains|keeps|still|no longer|time[sd]? out|timeout|"
        r"stuck|lost|disappear(?:s|ed)?|vanish(?:es|ed)|unable|twice|duplicated?|garbled|cut off|overlaps?|flickers?|very slow|too slow|takes (?:\d+|very|too|a) \w+",
        "told_impact": r"customers?|everyone|everybody|all users|every user|many users|\d+ (?:users|customers|people|orders|tickets|teams)|production|block(?:s|ed|er|ing)|"
        r"data loss|revenue|urgent|critical|workaround|nobody|no one|the whole (?:team|office|company|department)|works? (?:from|when using|with the old)|cannot work|support (?:calls|tickets)|complain(?:s|ed|ts?)?",
        "always": r"always|every time|each and every|each time|consistently|100 ?%|reproducible|since (?:the )?(?:last )?(?:release|update|upgrade|version)",
        "since": r"since (?:this |last |the )?(?:morning|night|week|month|yesterday|today|monday|tuesday|wednesday|thursday|friday|saturday|sunday|\d[\d:./]*)",
        "attempt": r"tried to|try to|trying to|tries to|attempt(?:ed|ing)? to",
        "hollow": r"(?:does|do|did)(?:n't| not) work(?: (?:properly|correctly|anymore|any more|as expected))?|not working|is broken|broken|stopped working|fail(?:s|ed)|no longer works?|there is (?:a|an) (?:bug|problem|issue|error)",
        "plea": r"please|pls|thanks?|thank you|urgent(?:ly)?|fix (?:this|it)|(?:should|must|needs? to) be fixed|asap|can (?:you|someone|somebody)|could (?:you|someone|somebody)|need this",
        "context": r"today|currently|at the moment|right now|so far|in the past|previously|complain(?:s|ed|ing)?|used to|seen with|because|we (?:often|sometimes|already) (?:hear|get|see|have|had)|workaround",
        "bound": r"must(?: not)?|shall|should|may not|may only|never|always|only|at (?:most|least)|no more than|within|unless|cannot|mandatory|required|until|for \d+ \w+|"
        r"is (?:shown|refused|rejected|sent|hidden|kept|logged|disabled|not \w+)|are (?:shown|refused|rejected|sent|hidden|kept|logged|disabled|not \w+)",
        "extra": r"would be (?:nice|great|good|a plus)|nice[- ]to[- ]have|optional(?:ly)?|maybe|perhaps|ideas?|later|some day|if (?:possible|there is time)|bonus|could also",
        "people": r"(?:\w+ )?(?:customers|shoppers|buyers|sellers|visitors|readers|members|guests|accountants?|clerks?|editors?|authors?|admins?|administrators?|managers?|employees?|colleagues?|"
        r"students?|teachers?|patients?|nurses?|doctors?|drivers?|subscribers?|agents?|operators?|merchants?|suppliers?|partners|developers?|testers?|moderators?|analysts?|"
        r"(?:support|legal|sales|finance|marketing|hr|warehouse|operations) (?:team|department|staff))",
        "task": r"tasks?|technical|chore|spike|maintenance|requests?|refactoring|ops|sub-?tasks?|change",
        "technical": r"upgrade|migrate|refactor|bump|rename|move|replace|remove|clean up|configure|deploy|install|set up|switch|update|downgrade|dockeri[sz]e|containeri[sz]e|"
        r"rotate|patch|drop support|delete the|tidy up|backfill|automate|monitor",
        "reason": r"because|so that|in order to|otherwise|end of (?:life|support)|deprecated|no longer (?:supported|maintained|needed|used)|(?:is|are|be|being|gets) switched off|expires?|runs? out|"
        r"vulnerabilit(?:y|ies)|cve|deadline|required by|to (?:avoid|prevent|reduce|save|keep)|blocks us|costs us",
        "docs": r"documentation|help (?:page|text|cent(?:er|re)|article)s?|release notes?|manual|user guide|handbook",
        "alone": r"independent(?:ly)? of|depends on (?:nothing|no other)|on its own|no dependenc(?:y|ies)|does not depend on|without waiting for",
        "open": r"how (?:it|this) is (?:built|done|implemented|solved) is (?:open|up to)|up to the (?:team|developers)|open to (?:suggestions|alternatives|ideas)|suggestions (?:are )?welcome|implementation is (?:open|free)",
        "sometimes": r"sometimes|occasionally|intermittent(?:ly)?|randomly?|from time to time|now and then|not always|once|rarely|"
        r"\d+ (?:out )?of \d+",
    },
    stop=frozenset(
        "the a an and or of to in on for with by from at as is are was were be been i we you he she it they them this that these those my our "
        "your their its if when then so not no can will would should could may must have has had do does did but which who what there here all "
        "any more most some such than too very also into over after before about up out only own same want need like".split()
    ),
    dull=frozenset(
        "total totals third day days week weeks month months year years later december january february march april june july august september october november old new good since able want wants need needs user users issue story task ticket able feature system application data page able make using used able "
        "given when then should must will would could shall please given description summary criteria acceptance expected actual result results "
        "steps step environment error errors bug problem work works working thing things time click open able there their about every other "
        "after before while where which these those with from into have been does being each just also than them they this that what your "
        "able again still first second always never without within between through during under over only same such very more most some many "
        "show shows shown view list item items current currently different possible available able instead".split()
    ),
    articles=frozenset("the a an my our your their his her its this each every no another".split()),
    says=SAYS,
    quotes=("“", "”"),
)  # fmt: skip
