# ruff: noqa: E501 - tables; a broken line would read worse than a long one
"""Languages the rules cannot read, as far as they must be told from those they can."""

from collections.abc import Mapping

SMALL_WORDS: Mapping[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "de": "der die das und ist nicht ein eine einen einem einer ich mit auf fur den dem des wird sind wenn aber auch beim "
        "nach bei von vom zu zum zur kann soll muss werden wir sie er es im in als am an so mochte damit noch wie hat",
        "es": "el la los las una un que y de en por para con no se del al es como cuando pero esta este son puede lo le mi su "
        "si hay muy sin sobre quiero debe ser mas ya",
        "it": "il la lo i gli le un una di del della dei delle da in con per non che e si sono quando anche questo questa nel "
        "alla al piu viene ma come se su voglio deve",
        "pt": "o a os as um uma de do da dos das em no na nos nas para por com que e nao se quando mais ao pelo pela mas como "
        "ser sao esta este eu quero deve",
        "nl": "de het een en van in is dat niet met voor op aan zijn maar ook als wordt bij naar moet kan ik te er om die dan "
        "wanneer wil zodat",
        "sv": "och att det som en ett i pa ar av for inte med jag den till om kan ska nar men har vill",
        "da": "og at det som en et i pa er af for ikke med jeg den til om kan skal nar men har vil der",
        "fi": "ja on ei etta se kun mutta tai jos ovat niin kuin hanen voi olla sen tama minun",
        "pl": "nie jest sie na do w z i o jak po przy oraz ktory ktora dla ze to od ale czy po jako chce aby moze",
        "cs": "je na se v a to neni ze do s pri nebo pro ktery kdyz aby jako chci ale jsou po za",
        "hu": "a az nem es hogy egy van ha de mint meg is ez lehet kell",
        "tr": "ve bir bu icin ile de da degil olarak gibi daha var yok ama olan ben",
        "ro": "si nu este pentru cu din sa la de in pe care un o mai ca sunt dar cand",
    }.items()
}
"""The commonest words of other languages by code, folded; those they share with ours stand on both sides."""

LETTERS = frozenset("ßñ¿¡ãõåøłąęśźżćńşğıőűřěůčšžțșăđ")
"""Letters with marks that neither English nor French has."""

LAST_LATIN = 0x24F
"""The last letter of the alphabet that ours are written in."""
