# ruff: noqa: E501, SIM905 - these are tables; a broken line would read worse than a long one
"""French: words to find (without accents) and phrases to say."""

import re

from addon.rules.says_french import SAYS
from addon.rules.tongue import Tongue

_DONE = (
    "ouvr|ouvert|cliqu|saisi|saisiss|tap|tourn|pivot|choisi|choisiss|selectionn|ajout|supprim|enregistr|valid|lanc|recharg|actualis|rafraichi|rafraichiss|ferm|reouvr|"
    "connect|deconnect|telecharg|televers|entr|modifi|appuy|navigu|pass|retir|mett|mets|met|mis|rempli|rempliss|export|import|imprim|recherch|filtr|tri|gliss|all|vais|va|"
    "fai|fais|fait|faire|defil|paye?|pai|command|envoy|essuy|install|redemarr|demarr|coch|decoch|copi|coll|utilis|revien|reven|rend|connecte"
)


def typeset(text: str) -> str:
    """With spaces that do not break before the marks French sets apart: no line shall begin with one."""
    return re.sub(" (?=[;:?!])", "\u00a0", text)


FRENCH = Tongue(
    code="fr",
    role=r"en tant que?|en qualite de|en ma qualite de|en tant qu'(?:une?)?",
    goal=r"(?:je veux|je souhaite|je voudrais|j'aimerais|je desire|je dois pouvoir|je peux|j'ai besoin|nous voulons|nous souhaitons|on veut|on voudrait|on souhaite|"
    r"nous avons besoin|(?:il|elle) (?:veut|souhaite))(?: que(?= )| qu'| pouvoir(?= )| de(?= )| d')?",
    benefit=r"afin de|afin d'|afin que|afin qu'|pour que|pour qu'|pour pouvoir|de sorte que|de facon a|de maniere a|dans le but de|"
    r"pour (?=(?:ne (?:plus|pas) |mieux |l[ea]s? |l'|y |en )?\w+(?:er|ir|oir|re)\b)|car|parce que",
    joins=r"(?:,? (?:et|ou)(?: aussi| ensuite)?(?: de| d')?|,? ainsi que(?: de)?|, puis)(?: (?:les?|la|l'))? ?(?=\w{2,}(?:er|ir|oir|dre|tre|ire)\b)",
    verb=r"\w{2,}(?:er|ir|oir|dre|tre|ire)",
    action=rf"(?:et |puis |ensuite |enfin |alors |apres |d'abord )?(?:"
    rf"(?P<who>(?:(?:quand|lorsque|si|apres que|des que) )?(?:j'ai |j'|je (?:me |m')?|on (?:se |s')?|nous (?:nous )?|vous (?:vous )?|l'utilisateur (?:se )?|(?:quand|lorsqu'|si l'|s')on (?:se |s')?|"
    rf"lorsqu'on |lorsque l'on |l'on |un client |le client )(?:puis |ensuite )?)(?:suis )?(?:{_DONE})\w{{0,4}}|"
    rf"(?P<by>(?:en|apres avoir|avant de|au moment de|pour) )(?:{_DONE})\w{{0,4}}|(?:se |me |s')?(?:{_DONE})(?:er|ir|re|ez|ons|e|oir)?)",
    objects=frozenset("le la les l un une des sur dans a au aux de du d en vers mon ma mes son sa ses notre nos votre vos cet cette ce ces deux trois plusieurs par puis avec chez depuis jusqu tout toute tous".split()),
    parting=r"[,;:>→]|\b(?:et|puis)\b",
    work=r"(?!(?:premier|dernier|papier|fichier|panier|courrier|dossier|avenir|plaisir|calendrier|atelier|entier|particulier|courtier|metier|autre|entre|contre|votre|notre|titre|"
    r"filtre|lettre|chiffre|nombre|ordre|cadre|membre|semestre|trimestre|registre|parametre|centre|maitre|cette|hiver|devoir|pouvoir|couloir|miroir|soir|espoir)\b)"
    r"\w{2,}(?:er|ir|oir|dre|tre|ire)",
    deed=r"(?:ne (?:pas|plus|jamais) |me |m'|les? |la |l'|y |automatiquement |aussi |etre (?:capable|en mesure) d[e'] ?){0,3}\w{2,}(?:er|ir|oir|dre|tre|ire|aire)",
    gherkin="etant donne|etant donnee|soit|quand|lorsque|lorsqu'|alors|scenario",
    vague={
        "speed": "rapide|rapides|rapidement|vite|lent|lente|lents|lentement|performante?s?|"
        "reactif|reactive",
        "moment": "des que possible|au plus vite|dans les meilleurs delais|en temps utile|prochainement|bientot|regulierement|de temps en temps",
        "ease": "conviviale?s?|conviviaux|facile|faciles|facilement|simple|simples|simplement|intuitifs?|intuitives?|intuitivement|ergonomiques?|"
        "fluides?|pratique|pratiques|sans effort|accessible a tous",
        "amount": "plusieurs|diverse?s|divers|differente?s|nombreux|nombreuses|quelques|certaine?s|beaucoup de?|un certain nombre de?|souvent|"
        "frequemment|la plupart des",
        "condition": "si necessaire|si besoin|si possible|au besoin|le cas echeant|en cas de besoin|quand c'est possible|lorsque c'est possible|"
        "dans la mesure du possible|normalement|en general|eventuellement",
        "open": r"(?<!/)etc(?!/)|et ainsi de suite|et/ou|entre autres|par exemple et non limite a|ou similaire|ou autre chose",
        "look": "modernes?|belle|beau|beaux|jolie?s?|attrayante?s?|attractifs?|attractives?|professionnelle?s?|elegante?s?|agreables?",
        "quality": "robustes?|flexibles?|souples?|efficaces?|efficacement|fiables?|optimale?s?|optimaux|adaptee?s?|adequate?s?|adequats?|"
        "approprie|appropriee?s?|meilleure?s?|correctement|de qualite|raisonnables?",
        "change": "ameliorer|ameliore|ameliorations?|optimiser|optimise|optimisations?|moderniser|nettement|sensiblement|considerablement|nettoyer|fluidifier|rationaliser|revoir le design",
        "later": r"a definir|a preciser|a determiner|reste a decider|reste a voir|(?<!attends )(?<!attend )(?<!attendais )a (?:voir|confirmer|discuter|completer|valider)(?= avec\b| ?[.)!?;\]]| ?$)|tbd",
    },
    headings={
        "purpose": ("objectif", "objectifs", "but", "pourquoi", "motivation", "valeur", "valeur metier", "benefice", "finalite", "enjeu", "enjeux"),
        "criteria": ("criteres d'acceptation", "critere d'acceptation", "criteres d'acceptance", "conditions d'acceptation", "criteres",
                     "definition de fini", "regles de gestion", "conditions de satisfaction"),
        "scope": ("hors perimetre", "hors du perimetre", "hors-perimetre", "hors scope", "exclusions", "exclu", "non inclus"),
        "errors": ("cas d'erreur", "cas d'erreurs", "erreurs", "gestion des erreurs", "cas limites", "cas particuliers", "cas d'echec"),
        "permissions": ("permissions", "droits d'acces", "droits", "habilitations", "autorisations", "acces"),
        "notes": ("notes", "note", "remarques", "remarque", "contraintes", "contexte", "idees", "bonus", "questions", "liens", "references", "ecrans", "captures", "maquettes",
                  "exemple", "exemples", "historique", "pieces jointes", "existant"),
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
        "error": r"erreurs?|invalides?|incorrecte?s?|echecs?|echou(?:e|er|ent)|refusee?s?|rejetee?s?|delai depasse|hors ligne|indisponibles?|manquante?s?|ne repond(?:ent)? pas|reessaie|"
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
        "told_expected": r"devrait|devraient|devrais|(?<!\bon )doit|doivent|attendue?s?|attends|attend(?:ais|ait|ions)?|au lieu d(?:e|u|es|')|alors qu(?:e|')|censee?s?|aurai(?:t|ent|s) du|"
        r"je (?:pensais|croyais)|normalement",
        "told_actual": r"erreur|exception|plant(?:e|er|ent)|echou(?:e|ent)|casse|ne (?:\w+ ){1,3}pas|n'(?:\w+ ){1,3}pas|impossible|rien ne se passe|fige|"
        r"bloque|page blanche|reste|restent|reste blanche|se ferme|disparai(?:t|ssent)|disparu|perdue?s?|en double|toujours pas|faux|fausses?|ko\b|tourne en rond|rien|incorrecte?|http [45]\d\d|[45]\d\d|ne (?:fonctionne|marche) plus|manquante?",
        "told_impact": r"clients?|tout le monde|aucun (?:client|utilisateur|collegue)|toute l'equipe|tous les utilisateurs|\d+ (?:utilisateurs|clients|personnes|commandes|tickets|equipes)|production|bloqu(?:e|ant|ante|es)|"
        r"perte de donnees|chiffre d'affaires|urgente?|critique|contournement|personne ne peut|reclamations?",
        "always": r"toujours|a chaque fois|systematique|systematiquement|100 ?%|reproductible|depuis (?:la )?(?:derniere )?(?:mise a jour|version|livraison)",
        "since": r"depuis (?:ce |cette |la )?(?:matin|nuit|semaine|mois|hier|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|le \d+)",
        "attempt": r"essaye? de|essaie de|essayer de|essaye d'|tente de|voulu|en essayant",
        "hollow": r"(?:ne|n') ?(?:fonctionne|marche) (?:pas|plus)|(?:fonctionne|marche) (?:pas|plus)|(?:n'a|a) pas (?:fonctionne|marche)|(?:est|sont) (?:casse|faux|fausse|ko|incorrecte?|bloque)e?s?|en panne|"
        r"il y a un (?:bug|bogue|probleme|souci)|plante",
        "plea": r"merci|svp|s'il vous plait|s'il te plait|urgente?s?|il faudrait (?:corriger|regler|reparer|resoudre)|a corriger|corriger (?:rapidement|vite|au plus vite)|pouvez-vous|pourriez-vous|priere de|"
        r"des que possible|au plus vite",
        "context": r"aujourd'hui|actuellement|pour l'instant|jusqu'ici|par le passe|se plai(?:nt|gnent)|avant,|car|contournement",
        "bound": r"doit|doivent|devra|devront|devrait|ne (?:peut|peuvent)|jamais|toujours|seule?s? les?|uniquement|seulement|au (?:plus|moins)|maximum|minimum|obligatoires?|sauf|jusqu'a|pendant \d+|"
        r"(?:est|sont) (?:affichee?|refusee?|rejetee?|envoyee?|masquee?|conservee?|gardee?|journalisee?)s?|(?:n'est|ne sont) (?:pas|jamais)",
        "extra": r"serait (?:bien|un plus|apprecie|pratique)|facultati(?:f|ve)s?|optionnel(?:le)?s?|peut-etre|idee|plus tard|un jour|si possible|bonus|eventuellement",
        "people": r"(?:les |des |aux |nos |un |une |le |la )?(?:clients|clientes|acheteurs|vendeurs|visiteurs|lecteurs|membres|invites|comptables?|editeurs?|redacteurs?|administrateurs?|gestionnaires?|"
        r"employes?|salaries?|collegues?|etudiants?|eleves|enseignants?|patients?|medecins?|chauffeurs?|abonnes?|conseillers?|operateurs?|fournisseurs|partenaires|developpeurs?|testeurs?|"
        r"moderateurs?|commerciaux|adherents?|equipe (?:support|commerciale|juridique|marketing|comptable))",
        "task": r"taches?|technique|maintenance|demande|demande de service|requete|sous-taches?|spike|changement",
        "technical": r"mettre a (?:jour|niveau)|mise a jour|migrer|migration|refactoriser|refactorer|renommer|deplacer|remplacer|deployer|installer|configurer|nettoyer|passer a|passage a|basculer|"
        r"montee de version|supprimer l[ea]|automatiser",
        "reason": r"parce que|car|afin d(?:e|')|sinon|fin de (?:vie|support)|obsoletes?|deprecie|plus (?:maintenue?|supportee?|utilisee?)|(?:est|sera|seront) (?:arretee?|coupee?|desactivee?)s?|expire|failles?|cve|"
        r"echeance|exige par|pour (?:eviter|reduire|empecher|garder)|nous (?:coute|bloque)",
        "docs": r"documentation|page d'aide|aide en ligne|notes? de version|manuel|guide utilisateur|mode d'emploi",
        "alone": r"independant(?:e|s)? d(?:e|u|es)|sans dependance|ne depend (?:pas )?d(?:e|'aucun)|aucune dependance",
        "open": r"au choix de l'equipe|ouverte? aux (?:suggestions|alternatives|idees)|la (?:solution|realisation) reste (?:libre|ouverte)|suggestions bienvenues|peu importe comment",
        "sometimes": r"parfois|de temps en temps|aleatoire|aleatoirement|intermittente?|par moments|pas toujours|une fois|rarement|\d+ fois sur \d+",
    },
    stop=frozenset(
        "le la les un une des du de d l et ou mais que qui quoi dont ou je tu il elle nous vous ils elles on ce cet cette ces mon ma mes son sa ses notre "
        "nos leur leurs en dans sur sous pour par avec sans est sont etre ete avoir ai a ont au aux ne pas plus si se s qu n y total totaux faux fausse jours semaine semaines annee annees mois janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre nouveau nouvelle ancien ancienne afin tant veux souhaite "
        "quand lorsque comme aussi tout tous toute toutes apres avant entre chez vers".split()
    ),
    dull=frozenset(
        "afin tant veux souhaite utilisateur utilisateurs ticket histoire tache fonctionnalite systeme application donnees page pouvoir peut doit "
        "devrait alors quand lorsque etant donne description resume criteres acceptation attendu obtenu resultat etapes etape environnement erreur "
        "erreurs anomalie probleme travail chose fois clique ouvrir dans avec sans pour plus moins cette notre leur leurs depuis apres avant pendant "
        "entre tous toutes toute tout aussi encore toujours jamais autre autres meme liste voir affiche afficher actuel actuelle differents possible "
        "disponible vide mois jour jours ligne lignes besoin lors sont etre avoir fait faire mon mes ses etaient sera seront comment".split()
    ),
    articles=frozenset("le la les l un une du au mon ma mes notre nos votre vos son sa ses leur leurs ce cet cette ces chaque d".split()),
    says={name: typeset(text) for name, text in SAYS.items()},
    quotes=("«\u00a0", "\u00a0»"),
)  # fmt: skip
