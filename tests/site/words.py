"""Invented English (and a little Persian) for the posts. No person, organisation or event in it is real."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from .model import Author, Section, Tag

AUTHORS = [
    Author(
        "IFP Editorial Staff",
        "ifp-editorial-staff",
        'The desk checks, translates & edits what the site prints. Write to the "Contact" page to reach it.',
    ),
    Author("IFP Media Wire", "ifp-media-wire", "Reports of other agencies, as they were sent."),
    Author("IFP Editor", "ifp-editor", "Reads every page twice.\nLikes <strong>short</strong> words."),
    Author("Parvin Rahnavard", "parvin-rahnavard", ""),
    Author("Photo of the Day", "photo-of-the-day", ""),
]

SECTIONS = [
    Section("IFP Exclusive", "ifp-exclusive"),
    Section("Media Wire", "wired"),
    Section("Selected", "selected"),
    Section("Iran News", "iran-news"),
    Section("Environment", "iran-news/environment"),
    Section("Politics", "iran-news/politics"),
    Section("Culture", "news/cultures"),
    Section("World", "news/world"),
    Section("Asia", "news/world/asia"),
    Section("Iran in Pictures", "iran-photos"),
    Section("Views", "views"),
]

TAGS = [
    Tag(name, name.lower().replace(" ", "-"))
    for name in [
        "Water",
        "Railways",
        "Saffron",
        "Caspian Sea",
        "Schools",
        "Chess",
        "Pottery",
        "Wind Power",
        "Bread Prices",
        "Libraries",
        "Honey",
    ]
]

_PLACES = [
    "Yazd",
    "Rasht",
    "Ardabil",
    "Kashan",
    "Hamedan",
    "Birjand",
    "Shushtar",
    "Zanjan",
    "Bushehr",
    "Semnan",
    "Sari",
    "Gorgan",
    "Kerman",
    "Ilam",
]
_TOPICS = [
    "tile workshop",
    "night bus",
    "reed island",
    "walnut orchard",
    "paper mill",
    "chess school",
    "water clock",
    "footbridge",
    "seed bank",
    "wind tower",
    "weaving hall",
    "honey market",
    "lake ferry",
    "town archive",
    "salt road",
    "pigeon house",
    "puppet theatre",
    "ice cellar",
]
_PEOPLE = [
    "Mahin Toranj",
    "Behzad Sarvi",
    "Laleh Kuhi",
    "Anoush Darya",
    "Ramin Sepidar",
    "Golnar Baran",
    "Siavash Namak",
    "Touba Rangi",
]
_BODIES = [
    "the Bureau of Small Bridges",
    "the Union of Bakers",
    "the Office for Old Maps",
    "the Lake Watch",
    "the Board of Seeds",
    "the Night Transport Company",
    "the Guild of Potters",
    "the School Council",
]
_STUFF = [
    "cement",
    "copper wire",
    "oak beams",
    "clean sand",
    "blue glaze",
    "spare wheels",
    "drinking water",
    "patience",
]
_VERBS = ["reopen", "close for repairs", "double in size", "be handed to volunteers", "move uphill", "run at night"]
_MOODS = ["slow", "costly", "long", "careful", "modest", "bold"]
_MONTHS = ["January", "March", "May", "July", "September", "November"]
_TEMPLATES = (
    "{Person} told {body} that the {topic} of {place} would {verb} before {month}.",
    "Some {n} families near {place} now depend on the {topic}, against {m} a year earlier.",
    "{Body} put aside {n} million rials for the {topic}, and {m} million for {stuff}.",
    "Work on the {topic} began in {year} and stopped twice for want of {stuff}.",
    "“Nobody here expected a {mood} {topic},” {person} said in {place}.",
    "Guests from {place} asked for {stuff} at gate {m}; there was none left by {month}.",
    "Whether {body} can pay {n} workers isn’t settled, according to {person}.",
    "The {topic} at {place} stands {m} metres above the river – a {mood} choice, critics say.",
    "A report of {n} pages calls the {topic} ‘{mood}’ and asks for {stuff}…",
    "{Person}, who ran the {topic} until {year}, walks {m} kilometres to {place} each morning.",
    "By {month}, {body} wants {n} sacks of {stuff} in store at {place}.",
    "Two of {m} teachers in {place} have seen the {topic} & liked it.",
)
_HEADLINES = (
    "{place} to {task} Its {Topic} after {m} Weeks",
    "{Person}: {Topic} of {place} Will Wait until {month}",
    "{Topic} Draws {n} Guests to {place}",
    "How the {Topic} Changed {place}’s Old Quarter",
    "“{Mood} Plan” for {place} {Topic}",
    "{place} & {place2} Share a {Topic}",
    "{Topic} in {place} Short of {Stuff}",
    "What {n} Letters Say about the {Topic} of {place}",
)
PERSIAN = (
    "دفتر نقشه‌های کهن می‌گوید پل چوبی تا پاییز آماده می‌شود.",
    "کارگاه کاشی شهر از فردا هر شب تا دیروقت باز است.",
    "در این کوچه هنوز صدای چرخ سفال‌گری شنیده می‌شود.",
)


class _Words(dict[str, object]):
    """One choice of whatever a template names."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def __missing__(self, name: str) -> object:
        if name in _FIGURES:
            word: object = _FIGURES[name](self.rng)
        else:
            word = _pick(self.rng, _CHOICES[name.lower().rstrip("2")])
            if name[0].isupper():
                word = word[0].upper() + word[1:] if name == "Body" else word.title()
        self[name] = word
        return word


_CHOICES = {
    "person": _PEOPLE,
    "body": _BODIES,
    "topic": _TOPICS,
    "place": _PLACES,
    "mood": _MOODS,
    "stuff": _STUFF,
    "verb": _VERBS,
    "task": ["Reopen", "Close", "Move", "Restore"],
    "month": _MONTHS,
}
_FIGURES: dict[str, Callable[[Random], object]] = {
    "n": lambda rng: f"{int(1000 + 98000 * rng.random()):,}",
    "m": lambda rng: int(3 + 897 * rng.random()),
    "year": lambda rng: int(1921 + 93 * rng.random()),
}


def _pick(rng: Random, words: Sequence[str]) -> str:
    return words[int(rng.random() * len(words))]  # three times as fast as choice()


def word(rng: Random, name: str) -> str:
    """One word of a kind: place, topic, person, ..."""
    return str(_Words(rng)[name])


def sentence(rng: Random) -> str:
    return _pick(rng, _TEMPLATES).format_map(_Words(rng))


def sentences(rng: Random, least: int, most: int) -> str:
    return " ".join(sentence(rng) for _ in range(rng.randint(least, most)))


def headline(rng: Random) -> str:
    return rng.choice(_HEADLINES).format_map(_Words(rng))
