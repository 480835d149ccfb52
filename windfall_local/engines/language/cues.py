"""Words that tell what a name beside them is, per language."""

# ruff: noqa: E501 - lists of words and patterns read best unbroken
from __future__ import annotations

from dataclasses import dataclass

_COMPANIES = "inc ltd llc gmbh corp co plc ag sa sl slu bv spa srl lda ltda"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Cues:
    """Words in lower case.

    Attributes:
        titles: Before a person.
        organisations: Inside the name of one.
        places: Inside the name of one.
        events: Inside the name of one.
        peoples: Adjectives of countries.
        at: Before a place.
        joiners: Inside a name, in lower case.
        never: Capitalised and yet no name.
    """

    titles: frozenset[str]
    organisations: frozenset[str]
    places: frozenset[str]
    events: frozenset[str]
    peoples: frozenset[str]
    at: frozenset[str]
    joiners: frozenset[str]
    never: frozenset[str]


CUES = {
    "en": Cues(
        titles=_set(
            "mr mrs ms miss dr prof professor sir lady lord president senator captain judge king queen"
        ),
        organisations=_set(
            "bank university institute hotel hospital airlines airways ministry council committee "
            "agency group foundation school college museum department association party union press "
            "company corporation office court police club restaurant cafe church library society "
            f"federation commission organization laboratories systems technologies motors {_COMPANIES}"
        ),
        places=_set(
            "street avenue road river lake mount mountain island islands bay county valley park "
            "airport bridge beach square city town ocean sea desert forest hill hills harbor station"
        ),
        events=_set("olympics cup festival war conference championship expo marathon summit"),
        peoples=_set(
            "american british english spanish french german italian portuguese chinese japanese "
            "russian indian mexican canadian european asian african dutch swedish irish scottish"
        ),
        at=_set("in at from to near around outside inside toward towards through visiting via"),
        joiners=_set("of the & de van von der del la and") - _set("and the"),
        never=_set(
            "i the a an this that these those it we you he she they my our your his her their "
            "please dear hi hello thanks thank regards sincerely yes no ok in on at from to for "
            "phone email address name subject re fwd known issue note"
        ),
    ),
    "es": Cues(
        titles=_set(
            "sr sra srta señor señora señorita don doña dr dra doctor doctora profesor rey reina"
        ),
        organisations=_set(
            "banco universidad instituto hotel hospital ministerio ayuntamiento consejo comité agencia "
            "grupo fundación escuela colegio museo departamento asociación partido sindicato compañía "
            f"empresa tribunal policía club restaurante iglesia biblioteca comisión {_COMPANIES}"
        ),
        places=_set(
            "calle avenida plaza río lago monte isla bahía valle parque aeropuerto puente playa paseo mar"
        ),
        events=_set("olimpiadas copa festival guerra conferencia congreso mundial feria"),
        peoples=frozenset(),
        at=_set("en a de desde hasta hacia por para"),
        joiners=_set("de del la las los y"),
        never=_set(
            "el la los las un una unos unas este esta estos estas yo tú él ella nosotros ellos mi su "
            "en de a por para con sin no sí hola gracias estimado estimada saludos es lo le me se que "
            "pero y o si cuando donde como ayer hoy mañana"
        ),
    ),
    "fr": Cues(
        titles=_set("m mme mlle monsieur madame mademoiselle dr docteur professeur roi reine"),
        organisations=_set(
            "banque université institut hôtel hôpital ministère conseil comité agence groupe fondation "
            f"école collège musée association parti syndicat société compagnie tribunal police {_COMPANIES}"
        ),
        places=_set(
            "rue avenue place boulevard lac mont île baie vallée parc aéroport pont plage mer"
        ),
        events=_set("coupe festival guerre conférence congrès"),
        peoples=frozenset(),
        at=_set("à en de au aux depuis vers dans chez"),
        joiners=_set("de du des la le les d et"),
        never=_set(
            "le la les un une des ce cette ces je tu il elle nous vous ils elles mon ma mes son sa ses "
            "notre votre leur en de à par pour avec sans non oui bonjour merci cher chère et mais où "
            "quand comme si on c est l d j"
        ),
    ),
    "it": Cues(
        titles=_set(
            "sig signor signora signorina dott dottor dottoressa professor professoressa re regina"
        ),
        organisations=_set(
            "banca università istituto hotel ospedale ministero comune consiglio comitato agenzia gruppo "
            f"fondazione scuola museo associazione partito sindacato società tribunale polizia {_COMPANIES}"
        ),
        places=_set(
            "via viale piazza fiume lago monte isola baia valle parco aeroporto ponte spiaggia mare"
        ),
        events=_set("olimpiadi coppa festival guerra conferenza congresso"),
        peoples=frozenset(),
        at=_set("a ad in di da per verso"),
        joiners=_set("di del della dei de la e"),
        never=_set(
            "il lo la i gli le un uno una questo questa questi queste io tu lui lei noi voi loro mio mia "
            "suo sua in di a da per con senza no sì ciao grazie gentile e o ma se quando dove come è"
        ),
    ),
    "pt": Cues(
        titles=_set(
            "sr sra senhor senhora dom dona dr dra doutor doutora professor professora rei rainha"
        ),
        organisations=_set(
            "banco universidade instituto hotel hospital ministério câmara conselho comité comitê agência "
            f"grupo fundação escola colégio museu associação partido sindicato empresa tribunal {_COMPANIES}"
        ),
        places=_set(
            "rua avenida praça rio lago monte ilha baía vale parque aeroporto ponte praia mar"
        ),
        events=_set("olimpíadas copa festival guerra conferência congresso"),
        peoples=frozenset(),
        at=_set("em no na de do da para até desde por"),
        joiners=_set("de do da dos das e"),
        never=_set(
            "o a os as um uma uns umas este esta estes estas eu tu ele ela nós eles meu minha seu sua "
            "em de por para com sem não sim olá obrigado obrigada caro cara e ou mas se quando onde como é"
        ),
    ),
}
