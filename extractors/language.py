"""What language a text is written in, by its script first and its words after."""

from __future__ import annotations

import re

from resiliparse.parse.lang import detect_fast

from extractors.text import HAN_KANA

# Characters looked at: news text shows its language well before this.
_SAMPLE = 6000
# Below this many letters the words say less than the feed's or the page's own statement.
_ENOUGH = 120
# A hint stands against the detector when it ranks this close to the best (ranks are distances).
_NEAR_RANK = 60
_CUTOFF = 1400

# Claims to believe where the detector names a sibling: it knows the other of them better, or only
# that one.
_SIBLINGS = {
    "ms": ("id",), "sr": ("hr", "sl", "bs"), "bs": ("hr", "sl", "sr"), "me": ("hr", "sl"),
    "lb": ("de",), "gl": ("pt", "es"),
}  # fmt: skip

_WORDY = re.compile(r"[^\W\d_]+")
_LETTERS = {
    "latin": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "arabic": re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"),
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "kana": re.compile("[\u3041-\u309f\u30a1-\u30fa]"),
    "hangul": re.compile("[\u1100-\u11ff\uac00-\ud7a3]"),
    "el": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "th": re.compile("[\u0e01-\u0e5b]"),
    "hy": re.compile("[\u0531-\u058a]"),
    "ka": re.compile("[\u10a0-\u10ff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "bn": re.compile("[\u0980-\u09ff]"),
    "pa": re.compile("[\u0a00-\u0a7f]"),
    "gu": re.compile("[\u0a80-\u0aff]"),
    "ta": re.compile("[\u0b80-\u0bff]"),
    "te": re.compile("[\u0c00-\u0c7f]"),
    "kn": re.compile("[\u0c80-\u0cff]"),
    "ml": re.compile("[\u0d00-\u0d7f]"),
    "si": re.compile("[\u0d80-\u0dff]"),
    "lo": re.compile("[\u0e80-\u0eff]"),
    "my": re.compile("[\u1000-\u109f]"),
    "km": re.compile("[\u1780-\u17ff]"),
    "am": re.compile("[\u1200-\u137f]"),
    "bo": re.compile("[\u0f00-\u0fff]"),
}
# One language owns the script, as far as news goes.
_SINGLE = frozenset(_LETTERS) - {
    "latin", "cyrillic", "arabic", "han", "kana", "hangul", "devanagari",
}  # fmt: skip
# A single scan decides for the common case, a text in Latin letters only.
_BEYOND_LATIN = re.compile(
    f"[\u0370-\u1cff\u1f00-\u1fff\u3041-\u30ff\ufb1d-\ufefc{HAN_KANA}\uac00-\ud7a3]"
)

_CYRILLIC = (
    "ru",
    "uk",
    "be",
    "bg",
    "sr",
    "mk",
    "kk",
    "ky",
    "mn",
    "tg",
    "tt",
    "ba",
    "cv",
    "os",
    "ce",
)
_ARABIC = ("ar", "fa", "ur", "ps", "ku", "ug", "sd")
_DEVANAGARI = ("hi", "mr", "ne", "sa")
_HINT = re.compile(r"^([a-z]{2})(?:$|[-_])")
_ALIASES = {"iw": "he", "in": "id", "ji": "yi", "ua": "uk", "jp": "ja", "cn": "zh", "kr": "ko",
            "cz": "cs", "gr": "el", "nb": "no", "nn": "no"}  # fmt: skip


def normalise_language(tag: str | None) -> str | None:
    """Return the ISO 639-1 code a BCP 47 tag, locale name or common slip begins with, or None.

    'en-GB', 'en_US' and 'EN' give 'en'; 'ua' gives 'uk'; both Norwegian forms give 'no'.
    """
    match = _HINT.match((tag or "").strip().lower())
    if not match:
        return None
    code = match.group(1)
    return _ALIASES.get(code, code)


def detect_language(text: str, *, hint: str | None = None) -> str | None:
    """Return the ISO 639-1 code of the language of `text`, or None when nothing says.

    `hint` is what the page or the feed claims (any BCP 47 tag). Scripts that one language owns
    decide by themselves; letters decide between Ukrainian, Belarusian, Russian and their
    neighbours, kana between Japanese and Chinese; otherwise n-grams do. A short text, or one on
    which the detector finds the claimed language about as near as its best, keeps the hint.
    """
    claimed = normalise_language(hint)
    sample = text[:_SAMPLE]
    counts = _scripts(sample)
    letters = sum(counts.values())
    if not letters:
        return claimed
    script = max(counts, key=counts.__getitem__)
    if script in _SINGLE:
        return claimed if script == "he" and claimed == "yi" else script
    east = counts.get("han", 0) + counts.get("kana", 0) + counts.get("hangul", 0)
    if script in ("han", "kana", "hangul"):
        return _east_asian(counts, east)
    if script == "cyrillic":
        return _cyrillic(sample, claimed, letters)
    if script == "arabic":
        return _arabic(sample, claimed, letters)
    return _by_words(sample, claimed, letters, _DEVANAGARI if script == "devanagari" else None)


def _scripts(sample: str) -> dict[str, int]:
    if not _BEYOND_LATIN.search(sample):
        count = len("".join(_WORDY.findall(sample)))
        return {"latin": count} if count else {}
    counts = {name: len(pattern.findall(sample)) for name, pattern in _LETTERS.items()}
    return {name: count for name, count in counts.items() if count}


def _east_asian(counts: dict[str, int], letters: int) -> str:
    """Choose by what the other two never write: hangul, then kana (a tenth is plenty)."""
    if counts.get("hangul", 0) * 3 >= letters:
        return "ko"
    return "ja" if counts.get("kana", 0) * 10 >= letters else "zh"


def _cyrillic(sample: str, claimed: str | None, letters: int) -> str | None:
    low = sample.lower()
    if low.count("ў") * 400 >= letters and "ў" in low:
        return "be"
    ukrainian = sum(map(low.count, "іїєґ"))
    russian = sum(map(low.count, "ыэёъ"))
    if (
        ukrainian > 2 * russian
        and ukrainian * 60 >= letters
        and not _other(low, "әғқңөұүһ", letters)
    ):
        return "uk"
    best = _by_words(sample, claimed, letters, _CYRILLIC)
    if best in ("ru", "uk", "be") and russian > ukrainian:
        return "ru"
    return best


def _other(low: str, alphabet: str, letters: int) -> bool:
    return sum(map(low.count, alphabet)) * 100 >= letters


def _arabic(sample: str, claimed: str | None, letters: int) -> str | None:
    if _other(sample, "ٹڈڑےں", letters):
        return "ur"
    if _other(sample, "ټډړږښڼۍې", letters):
        return "ps"
    # Persian writes its own kaf and yeh, and letters for p, ch, zh and g, which Arabic lacks.
    if claimed not in ("ku", "ug", "sd", "ckb") and _other(sample, "پچژگکی", letters):
        return "fa"
    return _by_words(sample, claimed, letters, _ARABIC)


def _by_words(
    sample: str, claimed: str | None, letters: int, among: tuple[str, ...] | None
) -> str | None:
    if letters < _ENOUGH and claimed and (among is None or claimed in among):
        return claimed
    ranked: list[tuple[str, int]] = detect_fast(
        sample, cutoff=_CUTOFF, n_results=5, langs=list(among) if among else None
    )  # type: ignore[assignment]
    if not ranked:
        return claimed
    best, rank = ranked[0]
    near = {normalise_language(code) for code, distance in ranked if distance - rank <= _NEAR_RANK}
    if claimed in near or normalise_language(best) in _SIBLINGS.get(claimed or "", ()):
        return claimed
    if letters < _ENOUGH and rank > 1100:
        return None
    return normalise_language(best)
