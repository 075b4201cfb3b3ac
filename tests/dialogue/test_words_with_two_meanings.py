"""Words that command, and mean something else in most sentences; and commands that are denied."""

from __future__ import annotations

import pytest

from edgeagent.config.languages import language
from edgeagent.dialogue.kinds import Context, Kind, agrees, understand

OVER = Context("A B C.", interrupted=True)
ASKED = Context("A B C?", asked=True)
SAID = {"zh": Context("下一班去上海的火车九点出发。", interrupted=True)}


def told(code: str, text: str, context: Context = OVER) -> str:
    """The command that it is, or the kind."""
    understood = understand(text, context, language([code]))
    return understood.command or understood.kind.value


def cases(table: dict[str, dict[str, tuple[str, ...]]]) -> list[tuple[str, str, str]]:
    return [(code, text, name) for code, named in table.items() for name, texts in named.items() for text in texts]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        *(("es", "para dos personas"), ("es", "para mañana"), ("es", "para él y para ella")),
        *(("pt", "para duas pessoas"), ("pt", "para amanhã"), ("pt", "para mim também")),
        *(("hi", "बस से जाना है"), ("hi", "बस एक टिकट")),
    ],
)
def test_a_word_that_also_stops_us_answers_what_we_have_asked(code: str, text: str) -> None:
    assert told(code, text, ASKED) == Kind.ANSWER


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("es", "no para de llover"),
        ("es", "para siempre"),
        ("hi", "बस आ गई"),
        ("hi", "बस स्टॉप बंद है"),
        ("pt", "para ser sincero"),
    ],
)
def test_a_word_that_also_stops_us_does_not_in_a_sentence(code: str, text: str) -> None:
    assert told(code, text) != "stop"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        *(
            ("es", "para"),
            ("es", "para ya por favor"),
            ("es", "no no para"),
            ("es", "para hombre"),
            ("es", "para para"),
        ),
        *(("es", "para llaman a la puerta"), ("es", "para con eso"), ("pt", "para com isso"), ("pt", "para por favor")),
        *(("hi", "बस"), ("hi", "बस बस"), ("hi", "ठीक है बस"), ("hi", "बस इतना ही"), ("hi", "नहीं बस")),
    ],
)
def test_it_stops_us_where_it_stands_alone(code: str, text: str) -> None:
    assert told(code, text) == "stop"


DENIED: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {
        "continue": (
            "nicht anhalten",
            "du musst nicht aufhören",
            "nein, nicht aufhören",
            "bitte nicht aufhören",
            "jetzt nicht aufhören",
            "nicht unterbrechen",
        ),
        "stop": (
            "du musst nicht weitermachen",
            "nicht weiterreden",
            "nein, nicht weitermachen",
            "hören Sie bitte auf",
            "hör endlich auf",
        ),
        "slower": ("nicht so schnell", "du redest zu schnell"),
        "faster": ("nicht so langsam", "du bist zu langsam", "rede nicht so langsam"),
        "louder": ("nicht so leise", "du bist zu leise", "ich hör dich nicht"),
        "softer": ("nicht so laut", "du bist zu laut"),
        "clarification": ("hab ich nicht verstanden", "ich verstehe dich nicht", "das hab ich nicht verstanden"),
        "correction": ("nein, das stimmt so nicht", "nicht A sondern B", "nicht A"),
    },
    "en": {
        "slower": ("it's too fast", "don't go so fast"),
        "continue": (
            "please don't stop",
            "you don't have to stop",
            "no need to stop",
            "you don't need to wait",
            "don't pause",
        ),
        "request": (
            *("don't go slower", "don't turn it down", "i didn't ask you to stop", "you don't need to slow down"),
            *("you don't have to repeat it", "you don't need to speak up"),
        ),
        "stop": ("i want you to stop", "no need to go on", "you needn't go on", "you don't have to continue"),
    },
    "es": {
        "slower": ("no hables tan rápido", "hablas demasiado deprisa"),
        "faster": ("no hables tan despacio", "hablas demasiado despacio"),
        "softer": ("no hables tan alto", "no hables tan fuerte"),
        "louder": ("no hables tan bajo", "no oigo", "no te oigo bien"),
        "continue": ("no te calles", "no dejes de hablar", "no hace falta que pares", "no, no te detengas"),
        "stop": (
            "no quiero que sigas",
            "no tienes que seguir",
            "no continúe",
            "no continúes",
            "no sigas leyendo",
            "no hables más",
            "te he dicho que pares",
        ),
        "clarification": ("no comprendo", "no te entendí", "no lo he entendido", "no le entiendo"),
        "correction": ("no, Sevilla", "eso está mal", "no es mañana es hoy"),
        "backchannel": ("eso es", "así es", "no pasa nada"),
        "request": ("no importa", "no me gusta", "no sé"),
    },
    "fr": {
        "continue": ("arrête pas", "non, n'arrête pas", "surtout ne t'arrête pas", "n'arrête pas de parler", "vas y"),
        "stop": ("ne continue pas", "non, ne continue pas", "pas la peine de continuer", "tais toi"),
        "faster": ("ne parle pas si lentement", "tu parles trop doucement"),
        "backchannel": ("pas grave", "c'est pas grave", "pas de souci", "c'est ça"),
    },
    "hi": {
        "slower": ("इतना तेज़ मत बोलो", "इतनी जल्दी मत बोलो", "तेज़ मत बोलो"),
        "faster": ("इतना धीरे मत बोलो",),
        "softer": ("इतने ज़ोर से मत बोलो", "बहुत ज़ोर से बोल रहे हो", "ज़ोर से मत बोलो"),
        "request": ("आवाज़ कम मत करो",),
        "continue": ("बंद मत करो", "चुप मत रहो", "मत रुकिए", "बोलना बंद मत करो", "रुकने की ज़रूरत नहीं", "बोलो"),
        "stop": ("बंद कर दो", "आगे मत बोलो", "मत बोलो", "मैंने कहा बंद करो"),
        "repeat": ("फिर से बोलो", "दुबारा बोलो"),
        "clarification": ("समझा नहीं", "सुना नहीं"),
    },
    "zh": {
        "continue": ("别停", "不要停", "请不要停下来", "不用停", "继续吧", "你继续"),
        "stop": ("停", "停下来", "停一下", "你别说了", "不要再说了", "行了别说了", "打住", "安静一点"),
        "hold": ("暂停一下", "你等一下", "等一会儿"),
        "repeat": ("能再说一遍吗", "可以再说一次吗"),
        "slower": ("你说得太快了", "别这么快", "能慢一点吗"),
        "louder": ("我听不见", "声音太小了"),
        "softer": ("不要那么大声",),
        "clarification": ("不明白", "我听不懂", "没听清"),
        "correction": ("不是上海是北京", "我说的是北京", "错了"),
        "backchannel": ("好吧", "是吗", "懂了"),
        "request": ("停电了", "停在门口", "安静的房间", "取消闹钟", "不知道", "不想去北京"),
    },
    "ja": {
        "continue": ("止めないで", "やめないでください", "どうぞ", "どうぞ続けて", "そのまま続けて", "続けてよ"),
        "stop": ("止めて", "もうやめて", "やめてください", "止めてよ", "静かにしてくれ"),
        "hold": ("あ、待って", "ちょっと待ってね", "まって"),
        "repeat": ("もう一度言ってもらえますか", "繰り返して"),
        "slower": ("もっとゆっくり話してください", "速すぎます"),
        "louder": ("聞こえません", "もう少し大きな声で"),
        "softer": ("もう少し静かに",),
        "clarification": ("わかりません", "なんて言ったの"),
        "correction": ("東京じゃなくて大阪", "大阪って言った"),
        "backchannel": ("へー", "そうなんですか", "そっか", "なるほどね", "たしかに"),
        "request": ("止めてある車",),
    },
    "ar": {
        "continue": ("لا تتوقف", "من فضلك لا تتوقف", "ما توقفش", "تفضل", "اكمل"),
        "stop": ("توقف", "لا تكمل", "بس خلاص", "اسكتي", "الغاء"),
        "hold": ("لحظة واحدة", "انتظري"),
        "slower": ("لا تسرع", "لا تتكلم بسرعة"),
        "louder": ("لا أسمعك", "ارفع صوتك"),
        "softer": ("لا ترفع صوتك", "وطي صوتك"),
        "clarification": ("لم أفهم", "مش فاهم", "ماذا قلت"),
        "correction": ("ليس القاهرة بل الإسكندرية", "لا، الإسكندرية", "قصدي الإسكندرية"),
        "backchannel": ("حسنًا", "شكرًا", "ايوه", "لا بأس"),
        "request": ("لا أعرف", "لا يهم"),
    },
    "ur": {
        "continue": ("رکو مت", "مت رکو", "چپ مت رہو", "بس مت کرو", "بند نہ کریں"),
        "stop": ("بس", "نہیں بس", "بولنا بند کرو", "رہنے دو"),
        "hold": ("ذرا رکیں", "ٹھہریں"),
        "backchannel": ("جی ہاں", "سمجھ گئی", "شکریہ"),
        "request": ("بس آ گئی", "بس سے جانا ہے"),
    },
    "bn": {
        "continue": ("থেমো না", "থামবেন না", "চুপ কোরো না", "বন্ধ করবেন না", "চালিয়ে যান"),
        "stop": ("থামুন", "দয়া করে থামুন", "এবার থামো", "থাক"),
        "hold": ("একটু দাঁড়াও", "অপেক্ষা করুন"),
    },
    "ta": {
        "continue": ("நிறுத்தாதே", "நிறுத்த வேண்டாம்", "தொடருங்கள்"),
        "stop": ("நிறுத்துங்க", "பேசாதே", "தயவு செய்து நிறுத்துங்கள்"),
        "hold": ("கொஞ்சம் இருங்க", "ஒரு நிமிஷம்"),
    },
    "gu": {"stop": ("બસ", "બસ કરો"), "request": ("બસ ક્યારે આવશે",)},
    "pa": {"stop": ("ਬੱਸ", "ਬੱਸ ਕਰੋ"), "request": ("ਬੱਸ ਕਦੋਂ ਆਵੇਗੀ",)},
    "pt": {
        "faster": ("não fala tão devagar",),
        "softer": ("não fala tão alto",),
        "louder": ("não ouço", "não tô te ouvindo"),
        "continue": ("não precisa parar", "não é para parar", "não quero que você pare", "não fique quieto"),
        "stop": (
            "não quero que você continue",
            "não continue",
            "não continua",
            "não precisa continuar",
            "eu disse pra parar",
        ),
        "clarification": ("não peguei", "não estou entendendo", "não te entendi"),
        "correction": ("não, Campinas",),
        "question": ("para onde vai",),
        "request": ("não importa", "não gosto"),
    },
}


@pytest.mark.parametrize(("code", "text", "name"), cases(DENIED))
def test_a_denied_command_is_not_taken_for_what_it_denies(code: str, text: str, name: str) -> None:
    assert told(code, text, SAID.get(code, OVER)) == name


@pytest.mark.parametrize(
    ("code", "text", "yes"),
    [
        *(("de", "nicht weitermachen", None), ("de", "natürlich nicht", False), ("de", "nicht nötig", False)),
        *(("de", "sehr gern", True), ("de", "hör nicht auf", True)),
        *(("fr", "n'arrête pas", True), ("fr", "je veux bien", True), ("fr", "oui, c'est bon", True)),
        *(("es", "dale", True), ("es", "no hay problema", True), ("es", "no hace falta", None)),
        *(("hi", "मत बताओ", None), ("hi", "चुप मत रहो", True), ("hi", "कोई ज़रूरत नहीं", False), ("hi", "हाँ सुनाओ", True)),
        *(("zh", "不继续", None), ("zh", "继续吧", True), ("zh", "不用了", False), ("zh", "要的", True)),
        *(("ja", "どうぞ", True), ("ja", "やめないで", True), ("ja", "いらない", False), ("ja", "後で", False)),
        *(("ar", "لا تكمل", None), ("ar", "تفضل", True), ("ar", "ليس الآن", False), ("ar", "حسنًا", True)),
        *(("en", "i don't think so", False), ("en", "absolutely not", False), ("en", "that would be great", True)),
        *(("pt", "não continue", None), ("pt", "pode sim", True), ("pt", "acho que não", False)),
        *(("fr", "ne continue pas", None), ("fr", "certainement pas", False), ("fr", "c'est pas la peine", False)),
    ],
)
def test_a_denied_command_answers_whether_to_go_on(code: str, text: str, yes: bool | None) -> None:
    assert agrees(text, language([code])) is yes


def test_a_script_without_spaces_has_none_in_what_is_right() -> None:
    understood = understand("不是上海是北京", OVER, language(["zh"]))
    assert (understood.wrong, understood.right) == ("上海", "北京")
    assert understand("不是 iPhone 是华为 P40", OVER, language(["zh"])).right == "华为 p40"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        *(("de", "von welchem Gleis fährt der"), ("de", "bis wann hat das Museum offen"), ("es", "a qué hora llega")),
        *(("fr", "à quelle heure il arrive"), ("fr", "d'où part le bus"), ("pt", "a que horas chega")),
    ],
)
def test_a_question_may_begin_with_a_preposition(code: str, text: str) -> None:
    assert told(code, text) == Kind.QUESTION


@pytest.mark.parametrize(
    ("code", "text"),
    [
        *(("hi", "ट्रेन कब आएगी"), ("hi", "यह कहाँ रुकेगी"), ("hi", "रुको, ट्रेन कब आएगी"), ("ur", "ٹرین کب آئے گی")),
        *(
            ("zh", "火车几点到"),
            ("zh", "票多少钱"),
            ("ja", "駅はどこですか"),
            ("ar", "القطار متى يصل"),
            ("ar", "بكم التذكرة"),
        ),
    ],
)
def test_a_question_word_need_not_begin_a_question(code: str, text: str) -> None:
    assert told(code, text) == Kind.QUESTION
    assert agrees(text, language([code])) is None
