# ruff: noqa: E501 - descriptions as people type them
"""Issues to judge, written for these tests: good ones, and ones with a known defect."""

from addon.rules.story import Story

GOOD_EN = Story(
    "Export the filtered order list as CSV",
    """As an accountant, I want to export the filtered order list as CSV so that I can reconcile bank statements at month end.

## Acceptance criteria
- Given 200 filtered orders, when I export, then the file has 200 rows and one header row
- More than 10,000 orders are refused with an error message that names the limit
- Only accountants can see the button

## Data
Columns: order number (required), date (ISO 8601), amount in euro

## Out of scope
- Excel format
""",
)
GOOD_FR = Story(
    "Télécharger une facture en PDF",
    """En tant que client, je veux télécharger une facture en PDF afin de la transmettre à mon comptable.

**Critères d’acceptation**
1. Étant donné une facture payée, quand je clique sur « Télécharger », alors le fichier s'ouvre en moins de 2 secondes
2. Une facture introuvable donne un message d'erreur
3. Seuls les clients connectés voient le bouton

**Données**
Le fichier porte le numéro de facture (format FA-AAAA-NNNN), 2 Mo au plus

**Hors périmètre**
- Les avoirs
""",
)
GOOD_BUG_EN = Story(
    "Discount is lost when the cart is reopened",
    """### Steps to reproduce
1. Add an item of 20 EUR to the cart
2. Enter the code SPRING10
3. Close the browser and open the cart again

### Expected result
The total is 18 EUR.

### Actual result
The total is 20 EUR and the code field is empty.

### Environment
Web shop 4.12.1, Firefox 131 on Windows 11

### Frequency
Every time, since version 4.12

### Impact
About 40 customers wrote to support this week; typing the code again is a workaround.
""",
    issue_type="Bug",
    is_bug=True,
)
GOOD_BUG_FR = Story(
    "La remise disparaît à la réouverture du panier",
    """**Étapes pour reproduire :**
1. Ajouter un article à 20 €
2. Saisir le code PRINTEMPS
3. Fermer puis rouvrir le navigateur

**Résultat attendu :** le total est de 18 €.
**Résultat obtenu :** le total est de 20 €.
**Environnement :** boutique 4.12.1, Firefox 131 sous Windows
**Fréquence :** à chaque fois depuis la mise à jour
**Impact :** 40 clients ont écrit cette semaine
""",
    issue_type="Anomalie",
    is_bug=True,
)
VAGUE_EN = Story("Better search", "The search should be fast and user-friendly, with several filters etc. if possible.")
VAGUE_FR = Story("Améliorer la recherche", "Une recherche rapide et conviviale, avec plusieurs filtres, si nécessaire.")
TEMPLATE_BUG = Story(
    "Upload broken",
    "**Steps to reproduce**\n\nTBD\n\n**Expected result**\n\n<what should happen>\n\n**Actual result**\nThe page stays blank.",
    is_bug=True,
)
EVERY = [GOOD_EN, GOOD_FR, GOOD_BUG_EN, GOOD_BUG_FR, VAGUE_EN, VAGUE_FR, TEMPLATE_BUG]
