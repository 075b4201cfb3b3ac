"""What people say to listen aloud and to take the floor, in the languages that text-to-speech speaks here.

The two lists of a language are of like length, so that the language tells nothing."""
# ruff: noqa: RUF001 (letters of other alphabets are meant)

from __future__ import annotations

from collections.abc import Mapping, Sequence

Words = Mapping[str, Sequence[str]]

ENGLISH = "en"

LISTENING: Words = {
    ENGLISH: (
        *("uh huh", "mm hmm", "yeah", "hmm", "right", "okay", "oh", "aha", "yes", "mhm", "I see", "sure", "uh-huh"),
        *("hm", "mm", "yep", "ah", "of course", "oh really", "wow", "true", "ooh", "exactly", "good"),
    ),
    "ar": ("نعم", "حسنا", "صحيح", "آه", "تمام", "طيب", "أها", "أكيد"),
    "ca": ("sí", "clar", "ja", "aha", "val"),
    "cs": ("jo", "ano", "aha", "jasně", "dobře", "no jo"),
    "de": ("ja", "genau", "hm", "okay", "stimmt", "ach so", "aha", "mhm", "gut"),
    "es": ("sí", "vale", "ya", "claro", "ajá", "bueno", "eso"),
    "fi": ("joo", "niin", "aha", "okei", "juu", "selvä"),
    "fr": ("oui", "d'accord", "ouais", "hum", "ah bon", "bien", "voilà"),
    "hi": ("हाँ", "अच्छा", "ठीक है", "जी", "सही", "हूँ"),
    "it": ("sì", "ah", "certo", "giusto", "va bene", "aha"),
    "ja": ("うん", "はい", "ええ", "うんうん", "なるほど", "へえ", "ああ", "そうですね"),
    "nl": ("ja", "oké", "precies", "hm", "goed", "klopt"),
    "pl": ("tak", "aha", "no", "dobrze", "jasne", "mhm"),
    "pt": ("sim", "certo", "tá", "pois", "aham", "claro"),
    "ru": ("да", "угу", "ага", "так", "понятно", "хорошо"),
    "sv": ("ja", "mm", "okej", "precis", "jaha", "just det"),
    "tr": ("evet", "tamam", "hı hı", "doğru", "peki", "anladım"),
}
TAKING: Words = {
    ENGLISH: (
        *("stop", "wait", "no", "hold on", "cancel", "pause", "quiet", "but why?", "what?", "no not that", "go back"),
        *("hey", "go", "go on to the next", "excuse me", "not now", "who?", "when?", "louder", "next", "enough"),
        *("hang on", "how?", "one moment", "never mind", "but", "sorry", "listen", "off", "again"),
    ),
    "ar": ("قف", "لا", "انتظر", "لحظة", "ماذا", "لماذا", "كفى", "التالي"),
    "ca": ("para", "espera", "no", "prou", "però per què", "perdona"),
    "cs": ("stop", "počkej", "ne", "stůj", "dost", "ale proč", "promiň", "další"),
    "de": ("halt", "nein", "warte", "moment", "stopp", "was", "warum", "ruhe", "weiter"),
    "es": ("para", "espera", "no", "alto", "qué", "por qué", "basta"),
    "fi": ("seis", "odota", "ei", "lopeta", "mutta miksi", "hetkinen", "seuraava", "hiljaa"),
    "fr": ("arrête", "attends", "non", "stop", "pourquoi", "quoi", "suivant"),
    "hi": ("रुको", "नहीं", "बस", "क्यों", "क्या", "सुनो"),
    "it": ("ferma", "aspetta", "no", "basta", "ma perché", "scusa", "avanti", "silenzio"),
    "ja": ("待って", "いや", "違う", "止めて", "何", "どうして", "次", "すみません"),
    "nl": ("stop", "wacht", "nee", "waarom", "wat", "genoeg"),
    "pl": ("stop", "czekaj", "nie", "dosyć", "dlaczego", "co"),
    "pt": ("pare", "espera", "não", "chega", "o quê", "por quê"),
    "ru": ("стой", "подожди", "нет", "хватит", "почему", "что"),
    "sv": ("stopp", "vänta", "nej", "varför", "vad", "sluta"),
    "tr": ("dur", "bekle", "hayır", "neden", "ne", "yeter"),
}
"""By language."""
