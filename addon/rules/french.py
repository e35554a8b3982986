# ruff: noqa: E501, SIM905 - these are tables; a broken line would read worse than a long one
"""French: words to find (without accents) and phrases to say."""

import re

from addon.rules.tongue import Tongue

SAYS = {
    # résumé
    "summary.full": "Le ticket dit qui ({role}), quoi ({goal}) et pourquoi ({benefit}).",
    "summary.who_what": "Le ticket dit qui ({role}) et quoi ({goal}) ; la raison manque.",
    "summary.what_why": "Le ticket dit quoi ({goal}) et pourquoi ({benefit}), mais pas pour qui.",
    "summary.what": "Le ticket dit ce qui est voulu ({goal}), mais ni pour qui ni pourquoi.",
    "summary.title": "Le ticket porte sur {title} ; le besoin n’y est pas formulé avec qui, quoi et pourquoi.",
    "summary.subtask": "Une sous-tâche au sujet de {title}.",
    "summary.empty": "Il n’y a pas encore assez de texte pour juger ce ticket.",
    "summary.bug": "Un rapport d’anomalie au sujet de {title}.",
    "summary.bug.has": "Il décrit {aspects}.",
    "summary.next": "À faire ensuite : {steps}.",
    "summary.ready": "Il ne manque rien d’essentiel.",
    "next.criteria": "ajouter des critères d’acceptation",
    "next.benefit": "dire à quoi cela sert",
    "next.role": "dire pour qui",
    "next.words": "préciser {words}",
    "next.split": "envisager un découpage",
    "next.text": "décrire en quelques phrases ce qui doit changer, pour qui et pourquoi",
    "next.bug": "ajouter {aspects}",
    "and": "et",
    "then": " ; ",
    # aspects d’une anomalie
    "aspect.steps": "les étapes pour reproduire",
    "aspect.expected": "le résultat attendu",
    "aspect.actual": "le résultat obtenu",
    "aspect.environment": "l’environnement",
    "aspect.reproducible": "la fréquence",
    "aspect.impact": "qui est touché",
    # INVEST
    "independent.free": "Le texte ne cite aucun autre travail à terminer d’abord.",
    "independent.waits": "Ce passage lie le ticket à un autre travail ; dire s’il peut commencer sans lui.",
    "independent.thin": "Il y a trop peu de texte pour savoir de quoi dépend le ticket.",
    "negotiable.open": "Le texte dit ce qui est voulu et laisse ouverte la façon de le réaliser.",
    "negotiable.solution": "Ce passage fixe déjà la réalisation ({words}) ; dire si c’est une contrainte ou une idée.",
    "negotiable.thin": "Il n’y a pas assez de texte pour voir ce qui peut encore se discuter.",
    "valuable.full": "Le texte dit qui en a besoin et dans quel but.",
    "valuable.benefit": "Le but est donné ; dire aussi pour qui.",
    "valuable.role": "Le texte dit pour qui, mais pas ce que cette personne y gagne.",
    "valuable.circular": "La raison répète le souhait ; dire à quoi il mène.",
    "valuable.none": "Le texte ne dit pas encore qui en a besoin ni ce qu’il y gagne.",
    "estimable.clear": "Le travail est décrit d’assez près pour parler d’une estimation.",
    "estimable.fair": "Le but est clair ; des détails comme les critères d’acceptation rendraient l’estimation plus sûre.",
    "estimable.vague": "Selon le sens donné à {words}, il y a peu de travail ou beaucoup.",
    "estimable.later": "Un point reste ouvert dans le texte ; le régler avant d’estimer.",
    "estimable.thin": "Il y a trop peu de texte pour estimer.",
    "small.one": "Un seul but, avec un nombre limité de points.",
    "small.joined": "Le souhait réunit plusieurs actions ; chacune pourrait être un ticket.",
    "small.many": "La description énumère {count} points ; un découpage peut être utile.",
    "small.long": "La description est longue ({count} mots) ; elle contient peut-être plusieurs tickets.",
    "small.stories": "Le texte contient {count} souhaits ; chacun pourrait être un ticket.",
    "small.thin": "La taille ne peut pas être jugée sur si peu de texte.",
    "testable.criteria": "Il y a {count} points vérifiables un par un.",
    "testable.one": "Il y a un point à vérifier ; un second pour ce qui peut mal se passer aiderait.",
    "testable.vague": "Plusieurs lectures de {words} sont possibles ; un chiffre ou un exemple permettrait de vérifier.",
    "testable.figures": "Il y a un chiffre à vérifier, mais pas de critères d’acceptation.",
    "testable.none": "Rien ne dit encore comment voir que cela fonctionne.",
    # anomalie
    "empty_heading": "Le titre {heading} est présent, mais rien ne le suit encore.",
    "steps.full": "Les étapes peuvent être suivies une par une.",
    "steps.some": "Le chemin vers l’anomalie est raconté ; des étapes numérotées éviteraient des questions.",
    "steps.none": "Le texte ne dit pas comment arriver à l’anomalie.",
    "expected.full": "Le texte dit ce qui aurait dû se passer.",
    "expected.some": "Le résultat attendu se devine ici ; le dire dans une phrase à part.",
    "expected.none": "Le texte ne dit pas ce qui aurait dû se passer.",
    "actual.full": "Le texte dit ce qui se passe à la place.",
    "actual.some": "Ceci raconte ce qui ne va pas ; le message exact ou la valeur aiderait.",
    "actual.none": "Le texte ne dit pas ce qui se passe à la place.",
    "environment.full": "Le texte dit où cela se produit.",
    "environment.some": "Une partie de l’environnement est citée ; ajouter version, navigateur ou appareil.",
    "environment.none": "Version, navigateur, appareil ou serveur ne sont pas cités.",
    "reproducible.full": "Le texte dit à quelle fréquence cela se produit.",
    "reproducible.some": "Cela ne se produit pas à chaque fois ; qu’est-ce qui diffère d’une fois à l’autre ?",
    "reproducible.steps": "Il y a des étapes, mais rien ne dit si elles mènent à l’anomalie à chaque fois.",
    "reproducible.none": "Rien ne dit si cela se produit à chaque fois.",
    "impact.full": "Le texte dit qui est touché et à quel point.",
    "impact.some": "L’effet est évoqué ; dire combien de personnes sont touchées et s’il existe un contournement.",
    "impact.none": "Rien ne dit qui est touché, ni s’il existe un contournement.",
    # manques
    "missing.role": "Pour qui",
    "missing.role.why": "Les besoins diffèrent d’une personne à l’autre ; sans rôle, on ne sait à qui demander.",
    "missing.benefit": "À quoi cela sert",
    "missing.benefit.why": "Le but permet à l’équipe de choisir entre des solutions et d’écarter ce qui ne le sert pas.",
    "missing.criteria": "Critères d’acceptation",
    "missing.criteria.why": "Sans eux, qui développe et qui teste peuvent chacun imaginer une fin différente.",
    "missing.scope": "Ce qui est hors périmètre",
    "missing.scope.why": "Plusieurs points sont listés ; dire ce qui est exclu empêche le travail de grossir.",
    "missing.errors": "Cas d’erreur",
    "missing.errors.why": "Le texte suit seulement le cas favorable ; saisies invalides, pannes et limites demandent aussi une réponse.",
    "missing.permissions": "Droits d’accès",
    "missing.permissions.why": "Le texte parle de {words} ; qui peut le faire, et que voient les autres ?",
    "missing.data": "Données concernées",
    "missing.data.why": "Le texte parle de {words} ; champs, formats, limites et valeurs obligatoires font une bonne part du travail.",
    "missing.text": "Une description",
    "missing.text.why": "Le résumé seul laisse deviner le but, les limites et les vérifications.",
    "missing.steps": "Étapes pour reproduire",
    "missing.steps.why": "Sans elles, il faut chercher l’anomalie avant de pouvoir la corriger.",
    "missing.expected": "Résultat attendu",
    "missing.expected.why": "Il distingue une anomalie d’un souhait, et la correction se vérifie par lui.",
    "missing.actual": "Résultat obtenu",
    "missing.actual.why": "Le message exact ou la valeur mène souvent droit à la cause.",
    "missing.environment": "Environnement",
    "missing.environment.why": "L’anomalie peut n’apparaître que dans une version, un navigateur ou sur un serveur.",
    "missing.reproducible": "Fréquence",
    "missing.reproducible.why": "Une anomalie intermittente ne se cherche pas comme une anomalie permanente.",
    "missing.impact": "Qui est touché, et à quel point",
    "missing.impact.why": "C’est ce qui décide de la priorité.",
    # questions
    "ask.role": "Qui s’en servira, et dans quelle situation ?",
    "ask.benefit": "Qu’est-ce qui ira mieux pour cette personne une fois que ce sera fait ?",
    "ask.criteria": "Comment montrer que {goal} fonctionne ? Deux ou trois exemples suffisent.",
    "ask.text": "Qu’est-ce qui doit changer, pour qui, et à quoi le verra-t-on ?",
    "ask.split": "Toutes les parties de {goal} doivent-elles arriver ensemble, ou l’une d’elles peut-elle être livrée d’abord ?",
    "ask.stories": "Le texte contient {count} souhaits : lequel vient en premier ?",
    "ask.brackets": "Est-ce que {words} fait partie du travail, ou est-ce seulement une explication ?",
    "ask.waits": "Le travail peut-il commencer avant que ceci soit réglé : {words} ?",
    "ask.errors": "Que doit-il se passer quand {goal} échoue ou que la saisie est incorrecte ?",
    "ask.permissions": "Qui peut le faire, et que voient les autres ?",
    "ask.vague.speed": "Que veut dire {words} en chiffres, par exemple en secondes ?",
    "ask.vague.ease": "À quoi verra-t-on que c’est {words} : qui doit réussir quoi sans aide ?",
    "ask.vague.amount": "Combien veut dire {words} ? Un nombre ou une limite suffit.",
    "ask.vague.condition": "Quand exactement s’applique {words}, et qui le décide ?",
    "ask.vague.open": "Que contient encore la liste qui se termine par {words} ?",
    "ask.vague.quality": "Que regarderiez-vous pour dire que c’est {words} ?",
    "ask.vague.change": "{words} : de quoi à quoi ? L’état actuel et l’état voulu aideraient.",
    "ask.vague.later": "{words} signale un point ouvert : quelle est la décision, ou qui la prend ?",
    "ask.steps": "Que faites-vous, étape par étape, jusqu’à l’anomalie ?",
    "ask.expected": "Que devait-il se passer à la place ?",
    "ask.actual": "Que voyez-vous exactement : quel message, quelle valeur ?",
    "ask.environment": "Avec quelle version, quel navigateur, quel appareil ou quel compte cela arrive-t-il, et où non ?",
    "ask.reproducible": "Cela arrive-t-il à chaque fois ? Sinon, combien de fois, et depuis quand ?",
    "ask.impact": "Combien de personnes sont touchées, et existe-t-il un contournement en attendant ?",
    # risques
    "risk.criteria": "Sans critères d’acceptation, on peut ne pas s’accorder sur la fin du travail.",
    "risk.vague": "L’auteur et l’équipe peuvent comprendre {words} de façons différentes.",
    "risk.large": "Le ticket est peut-être trop grand pour être terminé d’une traite.",
    "risk.waits": "Il faudra peut-être attendre un autre travail : {words}.",
    "risk.secret": "Des données sensibles sont concernées ({words}) ; prévoir une revue de sécurité et de confidentialité.",
    "risk.loss": "Des données existantes sont modifiées ou supprimées ({words}) ; prévoir une sauvegarde et un retour arrière.",
    "risk.outside": "Un système extérieur à l’équipe est en jeu ({words}) ; prévoir ses pannes et ses délais.",
    "risk.sometimes": "L’anomalie ne se montre pas à chaque fois ({words}) ; une correction sera difficile à prouver.",
    "risk.unseen": "Sans étapes pour reproduire, une correction ne peut pas être prouvée.",
    "risk.spread": "Des personnes sont touchées ({words}) ; envisager un contournement jusqu’à la correction.",
    # critères
    "crit.main": "{goal}",
    "crit.main.given": "une personne dans le rôle {role}, avec les droits nécessaires",
    "crit.main.nobody": "une personne avec les droits nécessaires",
    "crit.main.when": "elle fait ce qui est demandé : {goal}",
    "crit.main.then": "le résultat est visible",
    "crit.main.benefit": "le résultat est visible et sert son but : {benefit}",
    "crit.point.given": "la situation décrite dans le ticket",
    "crit.point.when": "ce point est essayé : {point}",
    "crit.point.then": "le comportement est celui qui est écrit",
    "crit.error": "Saisie invalide ou panne",
    "crit.error.given": "la même situation, mais avec une saisie invalide ou un système en panne",
    "crit.error.when": "l’action est tentée",
    "crit.error.then": "rien n’est modifié, et un message dit ce qui ne va pas et que faire",
    "crit.right": "Droit manquant",
    "crit.right.given": "une personne sans le droit nécessaire",
    "crit.right.when": "elle tente l’action",
    "crit.right.then": "l’action ne lui est pas proposée, et une requête directe est refusée",
    "crit.fixed": "L’anomalie n’apparaît plus",
    "crit.fixed.given": "l’environnement cité dans le rapport",
    "crit.fixed.when": "les étapes du rapport sont répétées",
    "crit.fixed.expected": "le résultat attendu se produit : {expected}",
    "crit.fixed.then": "l’anomalie décrite ne se produit plus",
    "crit.around": "Ce qui marchait marche toujours",
    "crit.around.given": "les cas voisins de l’anomalie",
    "crit.around.when": "les tests existants sont lancés",
    "crit.around.then": "ils réussissent tous, avec un nouveau test pour cette anomalie",
    # sous-tâches
    "sub.build": "Réaliser : {point}",
    "sub.build.text": "Cette partie du ticket :\n\n> {point}\n\nConvenir de ses critères d’acceptation avec l’auteur avant de commencer.",
    "sub.clarify": "Clarifier les points ouverts avec l’auteur",
    "sub.clarify.text": "Obtenir une réponse à ces questions et l’écrire dans le ticket :\n\n{list}",
    "sub.test": "Tester : {point}",
    "sub.test.text": "Couvrir le cas favorable, les saisies invalides, les droits manquants et les limites. Points à vérifier :\n\n{list}",
    "sub.docs": "Documenter : {point}",
    "sub.docs.text": "Mettre à jour l’aide et les notes de version pour les personnes concernées{role}.",
    "sub.docs.role": " ({role})",
    "sub.repro": "Reproduire : {point}",
    "sub.repro.text": "Reproduire l’anomalie et écrire un test automatique qui échoue. D’après le rapport :\n\n{list}",
    "sub.fix": "Trouver et corriger la cause : {point}",
    "sub.fix.text": "Corriger la cause et pas seulement le symptôme, et chercher d’autres endroits qui ont la même cause.",
    "sub.prove": "Vérifier la correction et les cas voisins",
    "sub.prove.text": "Répéter les étapes du rapport avec la correction, essayer les cas voisins et ajouter une ligne aux notes de version.",
}  # fmt: skip


def typeset(text: str) -> str:
    """With spaces that do not break before the marks French sets apart: no line shall begin with one."""
    return re.sub(" (?=[;:?!])", "\u00a0", text)


FRENCH = Tongue(
    code="fr",
    role=r"en tant que?|en qualite de|en ma qualite de|en tant qu'(?:une?)?",
    goal=r"je veux|je souhaite|je voudrais|j'aimerais|je desire|je dois pouvoir|je peux|j'ai besoin|nous voulons|nous souhaitons|"
    r"on veut|on souhaite|(?:il|elle) (?:veut|souhaite)",
    benefit=r"afin de|afin d'|afin que|afin qu'|pour que|pour qu'|pour pouvoir|de sorte que|de facon a|de maniere a|dans le but de|"
    r"pour (?=\w+(?:er|ir|oir|re)\b)|car|parce que",
    joins=r"(?:,? (?:et|ou)(?: aussi| ensuite)?(?: de| d')?|,? ainsi que(?: de)?|, puis)(?: (?:les?|la|l'))? ?(?=\w{2,}(?:er|ir|oir|dre|tre|ire)\b)",
    verb=r"\w{2,}(?:er|ir|oir|dre|tre|ire)",
    gherkin="etant donne|etant donnee|soit|quand|lorsque|lorsqu'|alors|scenario",
    vague={
        "speed": "rapide|rapides|rapidement|vite|lent|lente|lents|lentement|performante?s?|des que possible|au plus vite|dans les meilleurs delais|"
        "en temps utile|reactif|reactive",
        "ease": "conviviale?s?|conviviaux|facile|faciles|facilement|simple|simples|simplement|intuitifs?|intuitives?|intuitivement|ergonomiques?|"
        "fluides?|pratique|pratiques|sans effort|accessible a tous",
        "amount": "plusieurs|diverse?s|divers|differente?s|nombreux|nombreuses|quelques|certaine?s|beaucoup de?|un certain nombre de?|souvent|"
        "frequemment|la plupart des",
        "condition": "si necessaire|si besoin|si possible|au besoin|le cas echeant|en cas de besoin|quand c'est possible|lorsque c'est possible|"
        "dans la mesure du possible|normalement|en general|eventuellement",
        "open": r"(?<!/)etc(?!/)|et ainsi de suite|et/ou|entre autres|par exemple et non limite a|ou similaire|ou autre chose",
        "quality": "modernes?|robustes?|flexibles?|souples?|efficaces?|efficacement|fiables?|optimale?s?|optimaux|adaptee?s?|adequate?s?|adequats?|"
        "approprie|appropriee?s?|belle|beau|jolie?|attrayante?s?|meilleure?s?|correctement|de qualite|professionnelle?s?|raisonnables?",
        "change": "ameliorer|ameliore|ameliorations?|optimiser|optimise|optimisations?|moderniser|fluidifier|rationaliser|revoir le design",
        "later": "a definir|a preciser|a confirmer|a determiner|a voir|a discuter|a completer|reste a decider|tbd",
    },
    headings={
        "purpose": ("objectif", "objectifs", "but", "pourquoi", "motivation", "valeur", "valeur metier", "benefice", "finalite", "enjeu", "enjeux"),
        "criteria": ("criteres d'acceptation", "critere d'acceptation", "criteres d'acceptance", "conditions d'acceptation", "criteres",
                     "definition de fini", "regles de gestion", "conditions de satisfaction"),
        "scope": ("hors perimetre", "hors du perimetre", "hors-perimetre", "hors scope", "exclusions", "exclu", "non inclus"),
        "errors": ("cas d'erreur", "cas d'erreurs", "erreurs", "gestion des erreurs", "cas limites", "cas particuliers", "cas d'echec"),
        "permissions": ("permissions", "droits d'acces", "droits", "habilitations", "autorisations", "acces"),
        "data": ("donnees", "champs", "modele de donnees", "saisies"),
        "steps": ("etapes pour reproduire", "etapes de reproduction", "etapes", "pour reproduire", "comment reproduire", "reproduction", "scenario"),
        "expected": ("resultat attendu", "resultats attendus", "comportement attendu", "attendu"),
        "actual": ("resultat obtenu", "resultats obtenus", "resultat observe", "resultat constate", "resultat actuel", "comportement observe",
                   "comportement constate", "comportement actuel", "comportement obtenu", "obtenu", "constate", "observe", "message d'erreur"),
        "environment": ("environnement", "navigateur", "version", "plateforme", "appareil", "contexte technique", "systeme"),
        "reproducible": ("frequence", "reproductibilite", "reproductible"),
        "impact": ("impact", "severite", "gravite", "utilisateurs concernes", "contournement"),
    },
    signs={
        "waits": r"depend (?:de|du|des)|dependant (?:de|du|des)|bloquee? par|en attente (?:de|du|des)|prerequis|ne peut (?:pas )?commencer (?:avant|sans)|"
        r"(?:une fois que?|apres que|des que) [^.\n]{1,60} (?:sera|est|seront|sont) (?:finie?s?|terminee?s?|livree?s?|disponibles?|prete?s?|deployee?s?)",
        "error": r"erreurs?|invalides?|incorrecte?s?|echecs?|echou(?:e|er|ent)|refusee?s?|rejetee?s?|delai depasse|hors ligne|indisponibles?|manquante?s?|"
        r"trop (?:long|longue|grand|gros|de)|depass(?:e|er|ement)|doublons?|vides?|introuvables?|avertissement|expiree?s?|panne",
        "right": r"permissions?|droits?|autorisee?s?|seule?s? les?|uniquement (?:les?|pour|par)|habilitee?s?|habilitations?|acces reserve|roles?|"
        r"ne (?:peut|peuvent) pas (?:voir|modifier)|connectee?s?",
        "data": r"supprim(?:er|e|es|ee)|modifi(?:er|e|es|ee)|partag(?:er|e|es|ee)|valid(?:er|e|es|ee)|export(?:er|e|s)?|telecharg(?:er|e)|invit(?:er|e)|"
        r"assign(?:er|e)|publi(?:er|e)|configur(?:er|e)|restaur(?:er|e)|approuv(?:er|e)",
        "input": r"formulaires?|champs?|import(?:er|s)?|export(?:er|s)?|televers(?:er|e)|saisi(?:r|e|es|s)|rapports?|csv|tableurs?|fiches?|profils?|fichiers?",
        "exact": r"obligatoires?|facultatifs?|facultatives?|maximum|minimum|max\.?|min\.?|au (?:plus|moins)|caracteres|format|iso 8601|utf-?8|colonnes?|"
        r"ko|mo|go|chiffres|valeur par defaut",
        "secret": r"mots? de passe|donnees personnelles|donnees a caractere personnel|rgpd|cartes? (?:bancaires?|de credit)|iban|releves? bancaires?|"
        r"donnees de sante|medical(?:e|es)?|medicaux|date de naissance|numero de securite sociale|passeport|biometri(?:e|que|ques)|empreinte digitale",
        "loss": r"suppr(?:imer|ime|ession)|migr(?:er|ation)|ecras(?:er|e|ement)|purg(?:er|e)|modification en masse",
        "outside": r"prestataires?|systeme externe|service externe|api externe|fournisseur|partenaires?|webhooks?|sso|saml|oauth|ldap|stripe|paypal|sap",
        "told_steps": r"quand (?:je|on|nous|l'utilisateur|un utilisateur)|lorsque (?:je|on|nous|l'utilisateur)|lorsqu'on|si (?:je|on|l'on) (?:clique|ouvre|saisi)|"
        r"apres avoir|en (?:cliquant|ouvrant|enregistrant|saisissant)|je (?:clique|saisis|me connecte)|on (?:clique|ouvre|saisit)",
        "told_expected": r"devrait|devraient|doit|doivent|attendu|au lieu de|alors qu(?:e|')|cense",
        "told_actual": r"erreur|exception|plant(?:e|er|ent)|echou(?:e|ent)|casse|ne (?:\w+ ){1,3}pas|n'(?:\w+ ){1,3}pas|impossible|rien ne se passe|fige|"
        r"bloque|page blanche|faux|fausse|incorrecte?|http [45]\d\d|[45]\d\d|ne (?:fonctionne|marche) plus|manquante?",
        "told_impact": r"clients?|tous les utilisateurs|\d+ (?:utilisateurs|clients|personnes|commandes|tickets|equipes)|production|bloqu(?:e|ant|ante|es)|"
        r"perte de donnees|chiffre d'affaires|urgente?|critique|contournement|personne ne peut|reclamations?",
        "always": r"toujours|a chaque fois|systematique|systematiquement|100 ?%|reproductible|depuis (?:la )?(?:mise a jour|version|livraison|hier|lundi)",
        "sometimes": r"parfois|de temps en temps|aleatoire|aleatoirement|intermittente?|par moments|pas toujours|une fois|rarement|\d+ fois sur \d+",
    },
    stop=frozenset(
        "le la les un une des du de d l et ou mais que qui quoi dont ou je tu il elle nous vous ils elles on ce cet cette ces mon ma mes son sa ses notre "
        "nos leur leurs en dans sur sous pour par avec sans est sont etre ete avoir ai a ont au aux ne pas plus si se s qu n y afin tant veux souhaite "
        "quand lorsque comme aussi tout tous toute toutes apres avant entre chez vers".split()
    ),
    dull=frozenset(
        "afin tant veux souhaite utilisateur utilisateurs ticket histoire tache fonctionnalite systeme application donnees page pouvoir peut doit "
        "devrait alors quand lorsque etant donne description resume criteres acceptation attendu obtenu resultat etapes etape environnement erreur "
        "erreurs anomalie probleme travail chose fois clique ouvrir dans avec sans pour plus moins cette notre leur leurs depuis apres avant pendant "
        "entre tous toutes toute tout aussi encore toujours jamais autre autres meme liste voir affiche afficher actuel actuelle differents possible "
        "disponible vide mois jour jours ligne lignes besoin lors sont etre avoir fait faire mon mes ses etaient sera seront comment".split()
    ),
    says={name: typeset(text) for name, text in SAYS.items()},
    quotes=("«\u00a0", "\u00a0»"),
)  # fmt: skip
