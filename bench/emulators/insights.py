"""The AI services: whether an answer follows from what was asked."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from bench.emulators.clouds import Emulator
from bench.emulators.questions import Question, until

DEMO = Path(__file__).parents[2] / "demo"


def _blank(text: str = "") -> bytes:
    picture = Image.new("RGB", (640, 200), "white")
    if text:
        font = ImageFont.load_default(72)
        ImageDraw.Draw(picture).text((40, 50), text, "black", font=font)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def labels(cloud: Emulator) -> bool:
    """A portrait has a person, a white sheet none."""
    rekognition = cloud.client("rekognition")
    person, nobody = (
        {one["Name"] for one in rekognition.detect_labels(Image={"Bytes": picture})["Labels"]}
        for picture in ((DEMO / "portrait.jpg").read_bytes(), _blank())
    )
    return "Person" in person and "Person" not in nobody


def faces(cloud: Emulator) -> bool:
    """A portrait has one face, a white sheet none."""
    rekognition = cloud.client("rekognition")
    one, none = (
        rekognition.detect_faces(Image={"Bytes": picture})["FaceDetails"]
        for picture in ((DEMO / "portrait.jpg").read_bytes(), _blank())
    )
    return len(one) == 1 and not none


def written(cloud: Emulator) -> bool:
    """What is drawn is read."""
    found = cloud.client("rekognition").detect_text(Image={"Bytes": _blank("TRAIN 4711")})
    return "4711" in " ".join(one["DetectedText"] for one in found["TextDetections"])


def sentiment(cloud: Emulator) -> bool:
    """Praise is positive, a complaint negative."""
    comprehend = cloud.client("comprehend")
    texts = {
        "POSITIVE": "I love this, it is wonderful and everybody was so kind.",
        "NEGATIVE": "This is terrible, I hate it, the worst day of my life.",
    }
    return all(
        comprehend.detect_sentiment(Text=text, LanguageCode="en")["Sentiment"] == mood
        for mood, text in texts.items()
    )


def language(cloud: Emulator) -> bool:
    """Three languages are told apart."""
    texts = {
        "en": "Where is the nearest station, please?",
        "es": "¿Dónde está la estación más cercana, por favor?",
        "de": "Wo ist der nächste Bahnhof, bitte?",
    }
    comprehend = cloud.client("comprehend")
    return all(
        comprehend.detect_dominant_language(Text=text)["Languages"][0]["LanguageCode"] == code
        for code, text in texts.items()
    )


def entities(cloud: Emulator) -> bool:
    """A place and a person are found where they stand."""
    text = "Angela Merkel flew from Berlin to Paris."
    found = cloud.client("comprehend").detect_entities(Text=text, LanguageCode="en")["Entities"]
    kinds = {one["Text"]: one["Type"] for one in found}
    placed = all(text[one["BeginOffset"] : one["EndOffset"]] == one["Text"] for one in found)
    return placed and kinds.get("Paris") == "LOCATION" and kinds.get("Angela Merkel") == "PERSON"


def personal(cloud: Emulator) -> bool:
    """A card number that is one, and one that is not."""
    comprehend = cloud.client("comprehend")

    def kinds(text: str) -> set[str]:
        found = comprehend.detect_pii_entities(Text=text, LanguageCode="en")["Entities"]
        return {one["Type"] for one in found}

    card = kinds("Take my card 4111 1111 1111 1111 for it.")
    none = kinds("We sold four thousand boxes of apples.")
    return "CREDIT_DEBIT_NUMBER" in card and not none


def translation(cloud: Emulator) -> bool:
    """Two sentences give two translations, with the words they must have."""
    translate = cloud.client("translate")

    def spanish(text: str) -> str:
        return str(
            translate.translate_text(Text=text, SourceLanguageCode="en", TargetLanguageCode="es")[
                "TranslatedText"
            ]
        ).lower()

    return "casa" in spanish("The house is red.") and "agua" in spanish("The water is cold.")


def speech(cloud: Emulator) -> bool:
    """A longer text is a longer sound."""
    polly = cloud.client("polly")

    def size(text: str) -> int:
        answer = polly.synthesize_speech(Text=text, VoiceId="Joanna", OutputFormat="pcm")
        return len(answer["AudioStream"].read())

    return size("Good morning, ladies and gentlemen, and welcome.") > 1.5 * size("Good morning.")


def transcript(cloud: Emulator) -> bool:
    """A recording's transcript has words that were said."""
    s3, transcribe, name = cloud.client("s3"), cloud.client("transcribe"), uuid.uuid4().hex[:8]
    s3.create_bucket(Bucket=f"sound-{name}")
    s3.put_object(
        Bucket=f"sound-{name}", Key="speech.flac", Body=(DEMO / "speech.flac").read_bytes()
    )
    transcribe.start_transcription_job(
        TranscriptionJobName=name,
        LanguageCode="en-US",
        Media={"MediaFileUri": f"s3://sound-{name}/speech.flac"},
        OutputBucketName=f"sound-{name}",
        OutputKey="transcript.json",
    )

    def look() -> str | None:
        job = transcribe.get_transcription_job(TranscriptionJobName=name)["TranscriptionJob"]
        status = str(job["TranscriptionJobStatus"])
        return status if status in {"COMPLETED", "FAILED"} else None

    if until(look, patience=60) != "COMPLETED":
        return False
    body = s3.get_object(Bucket=f"sound-{name}", Key="transcript.json")["Body"].read()
    words = set(json.loads(body)["results"]["transcripts"][0]["transcript"].lower().split())
    return len(words & SAID) >= len(SAID) / 2


SAID = {"ask", "not", "what", "your", "country", "can", "do", "for", "you"}
_ASKED: dict[str, Callable[[Emulator], bool]] = {
    "labels of a portrait and of a white sheet": labels,
    "faces of both": faces,
    "text in a picture": written,
    "sentiment of praise and of a complaint": sentiment,
    "three languages": language,
    "entities, where they stand": entities,
    "personal data, and none": personal,
    "translations of two sentences": translation,
    "speech as long as its text": speech,
    "a transcript with what was said": transcript,
}
QUESTIONS = [Question("AI services", text, asked) for text, asked in _ASKED.items()]
