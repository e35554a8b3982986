"""Telling a bug report from other issues by the name its type has in this site's language."""

import re

# English, French, German, Spanish, Portuguese, Italian, Dutch, Nordic, Polish, Czech, Turkish, Russian, Ukrainian.
_BROKEN = """
    bug bugs bugfix defect defects incident incidents regression hotfix fault
    bogue bogues anomalie anomalies défaut défauts dysfonctionnement dysfonctionnements régression
    fehler fehlerbericht defekt störung error errores fallo fallos defecto incidencia incidente
    erro defeito falha errore difetto anomalia anomalía fout storing fel fejl feil vika virhe vikailmoitus
    błąd usterka chyba závada arıza ошибка дефект баг сбой помилка вада
"""
_WORDS = frozenset(_BROKEN.split())
_PARTS = ("バグ", "不具合", "障害", "缺陷", "故障", "错误", "錯誤", "버그", "결함", "오류")
_NOT_ONE = frozenset(("story", "epic", "récit", "épopée", "feature", "task", "tâche"))


def is_bug(type_name: str) -> bool:
    """True when the type's name says that something is broken. A name that also says story, task or epic is none."""
    # Whole words only: a "debugging aid" is no bug. East Asian names have no blanks to tell words by.
    words = set(re.findall(r"\w+", type_name.casefold()))
    return any(part in type_name for part in _PARTS) or (bool(words & _WORDS) and not words & _NOT_ONE)
