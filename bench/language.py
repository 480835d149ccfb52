"""Measures the engines of language, translation and voice: quality against a truth, and time.

    python -m bench.language

The sentences here were written for this measurement; nothing was tuned on them. The samples
(`bench.samples`) are used where they are.
"""

# ruff: noqa: RUF001 - phrases in the letters of their languages
from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.results import write_result
from bench.samples import samples
from windfall_local.engines import EngineError
from windfall_local.engines.language.engine import LanguageEngine
from windfall_local.engines.translation.apertium import ApertiumEngine
from windfall_local.engines.voice import Speaker, SpeechRequest
from windfall_local.engines.voice.engine import EspeakEngine

PHRASES: dict[str, tuple[str, ...]] = {
    "en": ("The train leaves at seven.", "Where is the key?", "We bought fresh bread today."),
    "es": ("El tren sale a las siete.", "¿Dónde está la llave?", "Hoy compramos pan fresco."),
    "fr": ("Le train part à sept heures.", "Où est la clé ?", "Nous avons acheté du pain frais."),
    "de": ("Der Zug fährt um sieben Uhr.", "Wo ist der Schlüssel?", "Wir haben Brot gekauft."),
    "it": ("Il treno parte alle sette.", "Dov'è la chiave?", "Oggi abbiamo comprato il pane."),
    "pt": ("O comboio parte às sete horas.", "Onde está a chave?", "Hoje comprámos pão fresco."),
    "nl": ("De trein vertrekt om zeven uur.", "Waar is de sleutel?", "Wij hebben brood gekocht."),
    "sv": ("Tåget går klockan sju.", "Var är nyckeln?", "Vi köpte färskt bröd i dag."),
    "pl": ("Pociąg odjeżdża o siódmej.", "Gdzie jest klucz?", "Kupiliśmy dziś świeży chleb."),
    "ca": ("El tren surt a les set.", "On és la clau?", "Avui hem comprat pa fresc."),
    "ru": ("Поезд отправляется в семь.", "Где ключ?", "Мы купили свежий хлеб."),
    "tr": ("Tren saat yedide kalkıyor.", "Anahtar nerede?", "Bugün taze ekmek aldık."),
    "ja": ("電車は七時に出発します。", "鍵はどこですか。", "今日は新しいパンを買いました。"),
    "ko": ("기차는 일곱 시에 떠납니다.", "열쇠가 어디에 있나요?", "오늘 신선한 빵을 샀어요."),
    "zh": ("火车七点出发。", "钥匙在哪里？", "我们今天买了新鲜的面包。"),
    "ar": ("يغادر القطار في السابعة.", "أين المفتاح؟", "اشترينا اليوم خبزا طازجا."),
    "hi": ("रेलगाड़ी सात बजे निकलती है।", "चाबी कहाँ है?", "आज हमने ताज़ी रोटी खरीदी।"),
    "fi": ("Juna lähtee kello seitsemän.", "Missä avain on?", "Ostimme tänään tuoretta leipää."),
}

FEELINGS_EN: tuple[tuple[str, str], ...] = (
    ("POSITIVE", "The staff were kind and the room was spotless."),
    ("POSITIVE", "Best coffee I have had in years."),
    ("POSITIVE", "Setup took two minutes and it has worked perfectly since."),
    ("POSITIVE", "My daughter loves this bike."),
    ("POSITIVE", "Thank you for the quick and friendly help!"),
    ("POSITIVE", "A charming little museum, well worth a visit."),
    ("POSITIVE", "The new screen is bright and sharp. I'm very happy with it."),
    ("POSITIVE", "Great value for the price."),
    ("POSITIVE", "It arrived a day early and in perfect condition."),
    ("POSITIVE", "I can't recommend this place enough."),
    ("POSITIVE", "What a beautiful concert, we enjoyed every song."),
    ("POSITIVE", "The instructions were clear and the support team was excellent."),
    ("NEGATIVE", "The soup was cold and the waiter was rude."),
    ("NEGATIVE", "It stopped working after two days."),
    ("NEGATIVE", "I waited an hour and nobody answered the phone."),
    ("NEGATIVE", "A complete waste of money."),
    ("NEGATIVE", "The battery drains in an hour and the case cracked."),
    ("NEGATIVE", "Terrible noise all night, we could not sleep."),
    ("NEGATIVE", "They lost my luggage and never apologised."),
    ("NEGATIVE", "I regret buying this phone."),
    ("NEGATIVE", "The update broke everything. I am very disappointed."),
    ("NEGATIVE", "Never again."),
    ("NEGATIVE", "The seats are uncomfortable and the screen is too dim."),
    ("NEGATIVE", "This is the worst airline I have ever flown with."),
    ("NEUTRAL", "The office opens at nine."),
    ("NEUTRAL", "The parcel was sent on Tuesday from Leeds."),
    ("NEUTRAL", "Please find the invoice attached."),
    ("NEUTRAL", "The table is two metres long."),
    ("NEUTRAL", "Turn left at the bridge and follow the river."),
    ("NEUTRAL", "Version 3 adds a second port."),
    ("NEUTRAL", "The committee meets in room 12."),
    ("NEUTRAL", "Water boils at 100 degrees at sea level."),
    ("MIXED", "The room was lovely but the food was awful."),
    ("MIXED", "Great camera. Terrible battery."),
    ("MIXED", "I love the design, but it is painfully slow."),
    ("MIXED", "The first half was brilliant; the ending was a disaster."),
    ("MIXED", "Friendly staff, although the place was filthy."),
    ("MIXED", "Fast delivery. Sadly the product is useless."),
    ("MIXED", "The actors were wonderful but the story was boring and stupid."),
    ("MIXED", "Good price. Bad quality."),
)

FEELINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "es": (
        ("POSITIVE", "El personal fue muy amable y la habitación estaba limpia."),
        ("POSITIVE", "Me encanta este restaurante, la comida es excelente."),
        ("POSITIVE", "Estoy muy contento con la compra."),
        ("POSITIVE", "Un museo precioso y un guía fantástico."),
        ("POSITIVE", "Gracias por vuestra ayuda, todo funciona perfectamente."),
        ("NEGATIVE", "La sopa estaba fría y el camarero fue grosero."),
        ("NEGATIVE", "Es el peor hotel en el que he estado."),
        ("NEGATIVE", "El teléfono dejó de funcionar a los dos días, estoy muy decepcionado."),
        ("NEGATIVE", "Una pérdida de dinero, no lo recomiendo."),
        ("NEGATIVE", "Perdieron mi maleta y nadie pidió perdón."),
        ("NEUTRAL", "La oficina abre a las nueve."),
        ("NEUTRAL", "El paquete salió el martes de Madrid."),
        ("NEUTRAL", "La mesa mide dos metros."),
        ("NEUTRAL", "La reunión es en la sala doce."),
    ),
    "fr": (
        ("POSITIVE", "Le personnel était aimable et la chambre était propre."),
        ("POSITIVE", "J'adore ce restaurant, la cuisine est excellente."),
        ("POSITIVE", "Un musée magnifique."),
        ("NEGATIVE", "C'est le pire hôtel de ma vie."),
        ("NEGATIVE", "La soupe était froide et le service était horrible."),
        ("NEGATIVE", "Je suis très déçu."),
        ("NEUTRAL", "Le bureau ouvre à neuf heures."),
        ("NEUTRAL", "La table mesure deux mètres."),
    ),
    "it": (
        ("POSITIVE", "Il personale era gentile e la camera era pulita."),
        ("POSITIVE", "Adoro questo ristorante, la cucina è eccellente."),
        ("POSITIVE", "Un museo meraviglioso."),
        ("NEGATIVE", "È il peggiore albergo della mia vita."),
        ("NEGATIVE", "La zuppa era fredda e il servizio era orribile."),
        ("NEGATIVE", "Sono molto deluso."),
        ("NEUTRAL", "L'ufficio apre alle nove."),
        ("NEUTRAL", "Il tavolo misura due metri."),
    ),
    "pt": (
        ("POSITIVE", "O pessoal foi amável e o quarto estava limpo."),
        ("POSITIVE", "Adoro este restaurante, a comida é excelente."),
        ("POSITIVE", "Um museu maravilhoso."),
        ("NEGATIVE", "É o pior hotel da minha vida."),
        ("NEGATIVE", "A sopa estava fria e o serviço foi horrível."),
        ("NEGATIVE", "Estou muito decepcionado."),
        ("NEUTRAL", "O escritório abre às nove."),
        ("NEUTRAL", "A mesa mede dois metros."),
    ),
}

ENTITIES: dict[str, tuple[str, set[tuple[str, str]]]] = {
    "review-en.txt": (
        "en",
        {
            ("ORGANIZATION", "Harbour View Hotel"),
            ("LOCATION", "Lisbon"),
            ("LOCATION", "Tagus"),
            ("PERSON", "Maria"),
            ("DATE", "3 to 7 May 2025"),
            ("DATE", "next spring"),
            ("QUANTITY", "180 euros"),
        },
    ),
    "queja-es.txt": ("es", {("LOCATION", "Sevilla")}),
}

PERSONAL = {
    ("NAME", "Jane Roe"),
    ("EMAIL", "jane.roe@example.com"),
    ("PHONE", "+1 206 555 0142"),
    ("CREDIT_DEBIT_NUMBER", "4111 1111 1111 1111"),
    ("CREDIT_DEBIT_EXPIRY", "09/28"),
    ("ADDRESS", "221B Example Street, Springfield"),
    ("IP_ADDRESS", "203.0.113.7"),
    ("DATE_TIME", "2 January 2024"),
}

PAIRS = (("en", "es"), ("es", "en"), ("en", "fr"), ("en", "it"), ("en", "pt"))

Answer = dict[str, Any]


def main() -> None:
    """Measure everything and write it down."""
    language, translation = LanguageEngine(), ApertiumEngine()
    figures = {
        # Times grow with what else the machine does.
        "load": round(os.getloadavg()[0], 1),
        "language": measure_languages(language),
        "sentiment": measure_feelings(language, translation),
        "entities": measure_entities(language),
        "personal_data": measure_personal_data(language),
        "translation": measure_translation(translation),
        "speech": measure_speech(),
    }
    translation.close()
    write_result("language", figures)


def milliseconds(work: Callable[[], Any], times: int = 20) -> float:
    """The median time of a call that was made before."""
    work()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1000)
    return round(sorted(taken)[times // 2], 2)


def measure_languages(engine: LanguageEngine) -> Answer:
    """Whether short phrases get their language."""
    wrong = []
    for expected, phrases in PHRASES.items():
        for phrase in phrases:
            found = engine.identify(phrase)[0].language
            if found != expected:
                wrong.append({"text": phrase, "truth": expected, "found": found})
    total = sum(map(len, PHRASES.values()))
    return {
        "languages": len(PHRASES),
        "phrases": total,
        "right": total - len(wrong),
        "wrong": wrong,
        "ms": milliseconds(lambda: engine.identify("Where is the key?")),
    }


def measure_feelings(engine: LanguageEngine, translation: ApertiumEngine) -> Answer:
    """Whether sentences get their label; other languages through English."""
    answer: Answer = {
        "en": _score(FEELINGS_EN, lambda text: engine.sentiment(text, "en").label),
        "ms": milliseconds(lambda: engine.sentiment(FEELINGS_EN[0][1], "en")),
    }
    for source, feelings in FEELINGS.items():

        def label(text: str, source: str = source) -> str:
            return engine.sentiment(translation.translate(text, source, "en"), "en").label

        try:
            answer[f"{source} through en"] = _score(feelings, label)
        except EngineError as error:
            answer[f"{source} through en"] = f"not measured: {error}"
    return answer


def _score(truths: Sequence[tuple[str, str]], label: Callable[[str], str]) -> Answer:
    found = [(truth, label(text), text) for truth, text in truths]
    kinds = [truth for truth, _, _ in found]
    return {
        "sentences": len(found),
        "right": sum(truth == answer for truth, answer, _ in found),
        "right_of_each": {
            kind: f"{[t for t, a, _ in found if t == a].count(kind)}/{kinds.count(kind)}"
            for kind in dict.fromkeys(kinds)
        },
        "wrong": [
            {"text": text, "truth": truth, "found": answer}
            for truth, answer, text in found
            if truth != answer
        ],
    }


def measure_entities(engine: LanguageEngine) -> Answer:
    """What is found of what the samples name."""
    answer: Answer = {}
    for name, (language, truth) in ENTITIES.items():
        path = samples(f"text/{name}")
        if not path.exists():
            answer[name] = "the sample is not here"
            continue
        text = path.read_text(encoding="utf-8")
        found = {(span.kind, span.text) for span in engine.entities(text, language)}
        answer[name] = {
            "truth": len(truth),
            "found": len(truth & found),
            "missed": sorted(truth - found),
            "beyond": sorted(found - truth),
            "ms": milliseconds(partial(engine.entities, text, language)),
        }
    return answer


def measure_personal_data(engine: LanguageEngine) -> Answer | str:
    """What is found of what the sample holds."""
    path = samples("text/pii-en.txt")
    if not path.exists():
        return "the sample is not here"
    text = path.read_text(encoding="utf-8")
    found = {(span.kind, span.text) for span in engine.personal_data(text, "en")}
    return {
        "truth": len(PERSONAL),
        "found": len(PERSONAL & found),
        "missed": sorted(PERSONAL - found),
        "beyond": sorted(found - PERSONAL),
        "ms": milliseconds(lambda: engine.personal_data(text, "en")),
    }


def measure_translation(engine: ApertiumEngine) -> Answer | str:
    """Time per sentence, kept running, and what it reads like."""
    sentence = {"en": "The train leaves at seven and we bought fresh bread.", "es": "El tren sale."}
    answer: Answer = {}
    try:
        for source, target in (
            ("en", "es"),
            ("es", "en"),
            ("en", "fr"),
            ("en", "it"),
            ("en", "pt"),
        ):
            text = sentence[source]
            answer[f"{source}-{target}"] = {
                "ms": milliseconds(partial(engine.translate, text, source, target)),
                "reads": engine.translate(text, source, target),
            }
    except EngineError as error:
        return f"not measured: {error}"
    return answer


def measure_speech() -> Answer:
    """How many times faster than it is spoken."""
    engine = EspeakEngine()
    text = "The quick brown fox jumps over the lazy dog. " * 20
    request = SpeechRequest(text, False, Speaker("en-us", "female"))
    spoken = engine.speak(request, None, 24000).seconds
    answer: Answer = {"seconds_of_speech": round(spoken, 1)}
    for audio in (None, "pcm", "mp3", "ogg_vorbis"):
        taken = milliseconds(partial(engine.speak, request, audio, 16000), 5)
        answer[f"times_real_time_{audio or 'marks'}"] = round(spoken * 1000 / taken)
    return answer


if __name__ == "__main__":
    main()
