# ruff: noqa: E501, SIM905 - these are tables; a broken line would read worse than a long one
"""English: words to find and phrases to say."""

from addon.rules.tongue import Tongue

_VERBS = (
    "add|approve|archive|assign|attach|be able|book|browse|buy|cancel|change|check|choose|close|compare|configure|copy|create|"
    "define|delete|disable|download|edit|enable|enter|export|filter|find|get|import|invite|link|list|manage|merge|move|notify|"
    "open|order|pay|print|publish|receive|register|reject|remove|rename|reset|restore|review|save|schedule|search|see|select|"
    "send|set|share|show|sign|sort|submit|subscribe|sync|test|track|update|upload|verify|view|write"
)

SAYS = {
    # summary
    "summary.full": "The issue says who ({role}), what ({goal}) and why ({benefit}).",
    "summary.who_what": "The issue says who ({role}) and what ({goal}); the reason is missing.",
    "summary.what_why": "The issue says what ({goal}) and why ({benefit}), but not for whom.",
    "summary.what": "The issue says what is wanted ({goal}), but not for whom and why.",
    "summary.title": "The issue is about {title}; the wish behind it is not spelled out as who, what and why.",
    "summary.subtask": "A sub-task about {title}.",
    "summary.empty": "There is not enough text yet to judge the issue.",
    "summary.bug": "A bug report about {title}.",
    "summary.bug.has": "It covers {aspects}.",
    "summary.next": "Next: {steps}.",
    "summary.ready": "Nothing essential is missing.",
    "next.criteria": "add acceptance criteria",
    "next.benefit": "say what it is good for",
    "next.role": "say who it is for",
    "next.words": "make {words} concrete",
    "next.split": "consider splitting it",
    "next.text": "describe in a few sentences what should change, for whom and why",
    "next.bug": "add {aspects}",
    "and": "and",
    "then": "; ",
    # aspects of a bug
    "aspect.steps": "the steps to reproduce",
    "aspect.expected": "the expected result",
    "aspect.actual": "the actual result",
    "aspect.environment": "the environment",
    "aspect.reproducible": "how often it happens",
    "aspect.impact": "who is affected",
    # INVEST
    "independent.free": "The text names no other work that has to be finished first.",
    "independent.waits": "This passage ties the issue to other work; say whether it can start without it.",
    "independent.thin": "There is too little text to tell what the issue depends on.",
    "negotiable.open": "It says what is wanted and leaves open how it is built.",
    "negotiable.solution": "This passage already decides how it is built ({words}); say whether that is a condition or an idea.",
    "negotiable.thin": "There is not enough text to see what could still be discussed.",
    "valuable.full": "The text says who needs it and what for.",
    "valuable.benefit": "The purpose is named; say also who it is for.",
    "valuable.role": "The text says for whom, but not what they gain by it.",
    "valuable.circular": "The reason repeats the wish; say what it leads to.",
    "valuable.none": "The text does not yet say who needs this or what they gain by it.",
    "estimable.clear": "The work is described closely enough to talk about an estimate.",
    "estimable.fair": "The aim is clear; details such as acceptance criteria would make an estimate safer.",
    "estimable.vague": "{words} can mean little work or a lot.",
    "estimable.later": "An open point stands in the text; settle it before estimating.",
    "estimable.thin": "There is too little text to estimate from.",
    "small.one": "One aim with a limited number of points.",
    "small.joined": "The wish joins several actions; each could be an issue of its own.",
    "small.many": "The description lists {count} points; it may be worth splitting.",
    "small.long": "The description is long ({count} words); it may hold more than one issue.",
    "small.stories": "The text holds {count} wishes; each could be an issue of its own.",
    "small.thin": "The size cannot be judged from so little text.",
    "testable.criteria": "There are {count} points that can be checked one by one.",
    "testable.one": "There is one point to check; a second for what can go wrong would help.",
    "testable.vague": "{words} can be read in different ways; a figure or an example would make it testable.",
    "testable.figures": "There is a figure to check against, but there are no acceptance criteria.",
    "testable.none": "Nothing says yet how to see that it works.",
    # bug
    "empty_heading": "The heading {heading} is there, but nothing stands below it yet.",
    "steps.full": "The steps can be followed one by one.",
    "steps.some": "The way to the fault is told; numbered steps from a known starting point would spare questions.",
    "steps.none": "The text does not say how to get to the fault.",
    "expected.full": "The text says what should have happened.",
    "expected.some": "What should happen can be guessed from this; say it as one sentence of its own.",
    "expected.none": "The text does not say what should have happened.",
    "actual.full": "The text says what happens instead.",
    "actual.some": "This tells what goes wrong; the exact message or value would help.",
    "actual.none": "The text does not say what happens instead.",
    "environment.full": "The text says where it happens.",
    "environment.some": "Part of the environment is named; add version, browser or device.",
    "environment.none": "Version, browser, device or server are not named.",
    "reproducible.full": "The text says how often it happens.",
    "reproducible.some": "It does not happen every time; what differs between the times it does and does not?",
    "reproducible.steps": "There are steps, but it is not said whether they lead to the fault every time.",
    "reproducible.none": "It is not said whether it happens every time.",
    "impact.full": "The text says who is hit and how badly.",
    "impact.some": "The effect is hinted at; say how many people it concerns and whether there is a way round.",
    "impact.none": "It is not said who is hit, and whether there is a way round.",
    # missing
    "missing.role": "Who it is for",
    "missing.role.why": "Different people need different things; without a role nobody can be asked.",
    "missing.benefit": "What it is good for",
    "missing.benefit.why": "The purpose lets the team choose between solutions, and drop what does not serve it.",
    "missing.criteria": "Acceptance criteria",
    "missing.criteria.why": "Without them, the developer and the tester may each have a different end in mind.",
    "missing.scope": "What is out of scope",
    "missing.scope.why": "Several points are listed; saying what is left out keeps the work from growing.",
    "missing.errors": "Error cases",
    "missing.errors.why": "The text follows the good case only; invalid input, failures and limits need an answer too.",
    "missing.permissions": "Permissions",
    "missing.permissions.why": "The text speaks of {words}; who may do that, and what do others see?",
    "missing.data": "The data involved",
    "missing.data.why": "The text speaks of {words}; fields, formats, limits and mandatory values decide much of the work.",
    "missing.text": "A description",
    "missing.text.why": "The summary alone leaves the aim, the limits and the checks to guesswork.",
    "missing.steps": "Steps to reproduce",
    "missing.steps.why": "Without them the fault has to be searched for before it can be fixed.",
    "missing.expected": "Expected result",
    "missing.expected.why": "It tells a fault from a wish, and it is what the fix is checked against.",
    "missing.actual": "Actual result",
    "missing.actual.why": "The exact message or value often leads straight to the cause.",
    "missing.environment": "Environment",
    "missing.environment.why": "The fault may show only in one version, browser or on one server.",
    "missing.reproducible": "How often it happens",
    "missing.reproducible.why": "A fault that comes and goes is looked for in another way than one that is always there.",
    "missing.impact": "Who is affected, and how badly",
    "missing.impact.why": "It decides what is fixed first.",
    # questions
    "ask.role": "Who will use this, and in which situation?",
    "ask.benefit": "What will be better for them once it is there?",
    "ask.criteria": "How would you show somebody that {goal} works? Two or three examples are enough.",
    "ask.text": "What should change, for whom, and how will you notice that it did?",
    "ask.split": "Do all parts of {goal} have to come together, or could one of them be delivered first?",
    "ask.stories": "The text holds {count} wishes: which one comes first?",
    "ask.brackets": "Is {words} part of the work, or only an explanation?",
    "ask.waits": "Can the work start before this is settled: {words}?",
    "ask.errors": "What should happen when {goal} fails or the input is wrong?",
    "ask.permissions": "Who may do this, and what do the others see?",
    "ask.vague.speed": "What does {words} mean in figures, for example in seconds?",
    "ask.vague.ease": "How will you tell that this is {words}: who should manage what without help?",
    "ask.vague.amount": "How many is {words}? A number or an upper limit would do.",
    "ask.vague.condition": "When exactly does {words} apply, and who decides it?",
    "ask.vague.open": "What else belongs to the list that ends in {words}?",
    "ask.vague.quality": "What would you look at to tell that this is {words}?",
    "ask.vague.change": "{words}: from what to what? Today's state and the wished one would help.",
    "ask.vague.later": "{words} marks an open point: what is the decision, or who takes it?",
    "ask.steps": "What do you do, step by step, until the fault shows?",
    "ask.expected": "What should have happened instead?",
    "ask.actual": "What do you see exactly: which message, which value?",
    "ask.environment": "In which version, browser, device or account does it happen, and where does it not?",
    "ask.reproducible": "Does it happen every time? If not, how often, and since when?",
    "ask.impact": "How many people does it concern, and is there a way round in the meantime?",
    # risks
    "risk.criteria": "Without acceptance criteria it may be disputed when the work is done.",
    "risk.vague": "{words} can be understood differently by the author and the team.",
    "risk.large": "The issue may be too large to finish in one go.",
    "risk.waits": "It may have to wait for other work: {words}.",
    "risk.secret": "It touches sensitive data ({words}); plan for a security and privacy review.",
    "risk.loss": "It changes or removes existing data ({words}); plan for a backup and a way back.",
    "risk.outside": "It relies on a system outside the team ({words}); plan for its failures and delays.",
    "risk.sometimes": "The fault does not show every time ({words}); a fix will be hard to prove.",
    "risk.unseen": "Without steps to reproduce, a fix cannot be proved.",
    "risk.spread": "People are affected ({words}); consider a way round until the fix is out.",
    # criteria
    "crit.main": "{goal}",
    "crit.main.given": "somebody in the role {role} who is allowed to do this",
    "crit.main.nobody": "a person who is allowed to do this",
    "crit.main.when": "they do what is asked for: {goal}",
    "crit.main.then": "the result can be seen",
    "crit.main.benefit": "the result can be seen and serves its purpose: {benefit}",
    "crit.point.given": "the situation the issue describes",
    "crit.point.when": "this point is tried: {point}",
    "crit.point.then": "it behaves as written",
    "crit.error": "Invalid input or a failure",
    "crit.error.given": "the same situation, but with invalid input or a failing system behind it",
    "crit.error.when": "the action is tried",
    "crit.error.then": "nothing is changed, and a message says what is wrong and what to do next",
    "crit.right": "Missing permission",
    "crit.right.given": "a person without the necessary permission",
    "crit.right.when": "they try the action",
    "crit.right.then": "it is not offered to them, and a direct request is refused",
    "crit.fixed": "The fault no longer shows",
    "crit.fixed.given": "the environment named in the report",
    "crit.fixed.when": "the steps of the report are repeated",
    "crit.fixed.expected": "what is expected happens: {expected}",
    "crit.fixed.then": "the fault described no longer occurs",
    "crit.around": "What worked before still works",
    "crit.around.given": "the neighbouring cases of the fault",
    "crit.around.when": "the existing tests are run",
    "crit.around.then": "all of them pass, together with a new one for this fault",
    # sub-tasks
    "sub.build": "Build: {point}",
    "sub.build.text": "This part of the issue:\n\n> {point}\n\nAgree on its acceptance criteria with the author before starting.",
    "sub.clarify": "Clarify open points with the author",
    "sub.clarify.text": "Get answers to these questions and write them into the issue:\n\n{list}",
    "sub.test": "Test: {point}",
    "sub.test.text": "Cover the good case, invalid input, missing permissions and the limits. Points to check:\n\n{list}",
    "sub.docs": "Document: {point}",
    "sub.docs.text": "Update the help text and the release notes for those who will use it{role}.",
    "sub.docs.role": " ({role})",
    "sub.repro": "Reproduce: {point}",
    "sub.repro.text": "Reproduce the fault and write a failing automated test for it. From the report:\n\n{list}",
    "sub.fix": "Find and fix the cause: {point}",
    "sub.fix.text": "Correct the cause, not only its symptom, and look for other places with the same cause.",
    "sub.prove": "Check the fix and the cases next to it",
    "sub.prove.text": "Repeat the steps of the report with the fix, run the neighbouring cases, and add a line to the release notes.",
}  # fmt: skip

ENGLISH = Tongue(
    code="en",
    role=r"as (?:an?|the)|in (?:my|the) role (?:of|as) an?",
    goal=r"(?:i want|i need|i would like|i'd like|i wish|i can|i should be able|i must be able|we want|we need|we would like|"
    r"(?:he|she|they) wants?|would like)(?: to be able)?(?: to(?= ))?",
    benefit=r"so that|so as to|in order to|in order that|so (?:i|we|they) (?:can|do|don't|am|are)|because",
    joins=rf"(?:,? (?:and|or)(?: also| then| to)?|,? as well as|, then| &) +(?=(?:{_VERBS})\b)",
    verb=rf"{_VERBS}|\w+(?:ed|ing|ly)",
    gherkin="given|when|then|scenario",
    vague={
        "speed": "fast|faster|quick|quickly|quicker|slow|slowly|performant|responsive|as (?:soon|fast|quickly) as possible|asap|"
        "in a timely manner|high performance|low latency",
        "ease": r"user[- ]?friendly|easy|easily|easier|simple|simply|intuitive|convenient|seamless|seamlessly|smooth|smoothly|"
        "ergonomic|accessible to everyone",
        "amount": "several|various|numerous|a lot of|lots of|a few|a number of|many|most of the|large amounts? of|frequently|often",
        "condition": "if (?:necessary|needed|required|possible|applicable|appropriate)|as (?:needed|required|necessary|appropriate)|"
        "when(?:ever)? (?:necessary|needed|appropriate|possible)|where (?:possible|appropriate|applicable)|usually|normally",
        "open": r"(?<!/)etc(?!/)|and so on|and so forth|and more|and/or|such as but not limited to|among others|or similar|or something",
        "quality": "modern|robust|flexible|efficient|efficiently|reliable|state[- ]of[- ]the[- ]art|beautiful|nice|attractive|"
        "better|best|good|adequate|adequately|appropriate|appropriately|suitable|properly|reasonable|optimal|high[- ]quality|professional",
        "change": "improve|improved|improvements?|enhance|enhanced|enhancements?|optimi[sz]e|optimi[sz]ed|optimi[sz]ations?|streamline|"
        "moderni[sz]e|clean up|refresh the (?:look|design)",
        "later": r"tbd|tba|tbc|to be (?:defined|decided|determined|confirmed|clarified|discussed)|to do later|not (?:yet )?decided",
    },
    headings={
        "purpose": ("goal", "goals", "purpose", "why", "motivation", "business value", "value", "benefit", "benefits", "rationale", "objective"),
        "criteria": ("acceptance criteria", "acceptance criterion", "acceptance", "criteria", "rules", "business rules", "definition of done", "done when", "dod", "ac"),
        "scope": ("out of scope", "not in scope", "out-of-scope", "non-goals", "non goals", "exclusions", "excluded"),
        "errors": ("error cases", "error case", "error handling", "errors", "edge cases", "failure cases", "failures"),
        "permissions": ("permissions", "permission", "access rights", "access", "authorization", "authorisation", "who may"),
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
        "waits": r"depends? on|dependent on|blocked by|waiting for|wait for|prerequisite|cannot start (?:before|until)|"
        r"(?:once|after|as soon as) [^.\n]{1,60} (?:is|are|has been|have been) (?:done|ready|merged|released|deployed|available|finished)",
        "error": r"errors?|invalid|fail(?:s|ed|ing|ure|ures)?|reject(?:s|ed)?|refus(?:es|ed)|timeout|times out|offline|unavailable|wrong|"
        r"missing|too (?:long|large|many|big)|exceed(?:s|ed)?|duplicates?|empty|not found|warning|retry|retries|declined|expired?",
        "right": r"permissions?|allowed|authori[sz]ed|only (?:for|by|the|an?)|only (?:\w+ ){1,3}(?:can|may|see|have|get)|access rights?|may (?:not )?(?:see|edit|view|delete|change)|"
        r"roles?|admins? only|not visible to|signed[- ]in|logged[- ]in",
        "data": r"deletes?|deleted|edits?|edited|shares?|shared|approves?|approved|exports?|downloads?|invites?|assigns?|publish(?:es)?|"
        r"configures?|restores?|grants?",
        "input": r"forms?|fields?|imports?|exports?|uploads?|uploaded|enters?|entered|reports?|csv|spreadsheets?|records?|profiles?|files?",
        "exact": r"required|mandatory|optional|maximum|minimum|max\.?|min\.?|at (?:most|least)|characters|format|iso 8601|utf-?8|columns?|"
        r"kb|mb|gb|digits|default value",
        "secret": r"passwords?|passphrase|personal data|gdpr|credit cards?|card number|cvv|cvc|iban|bank (?:account|details)|health data|"
        r"medical|date of birth|social security|passport|api keys?|access tokens?|biometric|fingerprint|tax id",
        "loss": r"delet(?:e|es|ed|ing|ion)|remov(?:e|es|ed|ing) (?:all|old|existing)|migrat(?:e|es|ed|ing|ion)|overwrit(?:e|es|ten|ing)|"
        r"purg(?:e|es|ed|ing)|drop (?:table|column)|bulk (?:edit|change|update)",
        "outside": r"third[- ]part(?:y|ies)|external (?:system|service|api|provider)|vendor|partner api|webhooks?|payment provider|"
        r"sso|saml|oauth|ldap|stripe|paypal|salesforce|sap|twilio",
        "told_steps": r"when (?:i|we|you|the user|a user|users|clicking|opening|saving|trying|using)|if (?:i|we|you) (?:click|open|save|try|enter)|"
        r"after (?:i|we|you|clicking|opening|saving|entering|logging|signing|the update)|click(?:s|ed|ing)? (?:on )?|i (?:opened|tried|went|entered)",
        "told_expected": r"should(?:n't)?|expected|supposed to|instead of|must(?:n't)?|ought to",
        "told_actual": r"error|exception|crash(?:es|ed)?|fail(?:s|ed|ing)?|broken|does(?:n't| not)|do(?:n't| not)|is(?:n't| not)|cannot|can't|"
        r"could(?:n't| not)|nothing happens|freez(?:es|ing)|hangs?|blank|wrong|stack ?trace|http [45]\d\d|\b[45]\d\d\b|not working|stopped working|missing",
        "told_impact": r"customers?|all users|every user|many users|\d+ (?:users|customers|people|orders|tickets|teams)|production|block(?:s|ed|er|ing)|"
        r"data loss|revenue|urgent|critical|workaround|nobody can|cannot work|support (?:calls|tickets)|complain(?:s|ed|ts?)?",
        "always": r"always|every time|each time|consistently|100 ?%|reproducible|since (?:the )?(?:release|update|upgrade|version|yesterday|monday)",
        "sometimes": r"sometimes|occasionally|intermittent(?:ly)?|randomly?|from time to time|now and then|not always|once|rarely|"
        r"\d+ (?:out )?of \d+",
    },
    stop=frozenset(
        "the a an and or of to in on for with by from at as is are was were be been i we you he she it they them this that these those my our "
        "your their its if when then so not no can will would should could may must have has had do does did but which who what there here all "
        "any more most some such than too very also into over after before about up out only own same want need like".split()
    ),
    dull=frozenset(
        "able want wants need needs user users issue story task ticket able feature system application data page able make using used able "
        "given when then should must will would could shall please given description summary criteria acceptance expected actual result results "
        "steps step environment error errors bug problem work works working thing things time click open able there their about every other "
        "after before while where which these those with from into have been does being each just also than them they this that what your "
        "able again still first second always never without within between through during under over only same such very more most some many "
        "show shows shown view list item items current currently different possible available able instead".split()
    ),
    says=SAYS,
    quotes=("“", "”"),
)  # fmt: skip
