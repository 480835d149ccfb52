"""The keys of everything that is stored: the one place that spells them.

The table `insights` (partition key `pk`, sort key `sk`):

    pk                        sk                              what
    FILE#<file>               FILE                            a file; its `generation` says which of
                                                              the rows below are shown
    FILE#<file>               G#<generation>#OUTCOME#<feature>  how one feature ended
    FILE#<file>               G#<generation>#TERMS#<number>     the terms that lead here
    TERM#<type>#<term>        FILE#<file>#G#<generation>      a searchable term of a file
    ANALYSIS#<analysis>       ANALYSIS                        an analysis: attempt, state, input
    ANALYSIS#<analysis>       FILE#<file>#<revision>          a file that waits for it, or has it
    CONTENT#<content>         CONTENT                         bytes, and the analyses there were of
                                                              them
    JOB#<service>#<job>       JOB                             a rendezvous: who waits for a job, and
                                                              how the job ended
    QUOTA#<service>           LIMIT                           how many jobs may run at a time
    QUOTA#<service>           SLOT#<number>                   a slot that is held, and by which job
    QUOTA#<service>           WAIT#<since>#<job>              a job that waits for a slot
    SPEND#<yyyy-mm-dd>        ATTEMPT#<analysis>#<attempt>    what an attempt at an analysis cost
    SPEND#<day or month>      TOTAL#<profile>#<shard>         a part of what a profile spent then
    SPEND#<day or month>      COMMITTED#<profile>            what is spent or set aside of a budget

The index `recent` (partition key `recent_pk`, sort key `recent_sk`) lists FILE rows by day:
`FILES#<yyyy-mm-dd>` / `<received>#<file>`, and parked jobs under `JOBS` by the time at which they
are asked after: `<due>#<service>#<job>`. `expires` (epoch seconds) is the time to live.

The results bucket holds `results/<file>/…`; a file that is analyzed again under other settings, or
that takes over results of another analysis, gets a folder of its own for them,
`results/<file>/<analysis, 12 digits>/…`, so that no result of one analysis passes for one of
another; an attempt that may not use what is there gets `…/<analysis, 12 digits>.<attempt>/…`.
`scoring/…` is what goes to SageMaker and comes from it. `translations/<translation>/…` is what
Translate's batch jobs write, with a manifest; `folders/…` has folders that somebody put there to be
translated.
"""

from __future__ import annotations

FILE_SK = "FILE"
ANALYSIS_SK = "ANALYSIS"
CONTENT_SK = "CONTENT"
ATTACHMENT_PREFIX = "FILE#"
JOB_SK = "JOB"
PARKED_JOBS = "JOBS"
RECENT_INDEX = "recent"
LIMIT_SK = "LIMIT"
SLOT_PREFIX = "SLOT#"
WAIT_PREFIX = "WAIT#"

SPEND_PREFIX = "ATTEMPT#"

TRANSLATIONS_PREFIX = "translations/"
FOLDERS_PREFIX = "folders/"
_RESULTS = "results/"
_SCORING = "scoring/"


def translation_prefix(translation_id: str) -> str:
    """The folder of a folder's translation."""
    return f"{TRANSLATIONS_PREFIX}{translation_id}/"


def file_pk(file_id: str) -> str:
    """The partition of a file."""
    return f"FILE#{file_id}"


def generation_prefix(generation: str) -> str:
    """What the sort keys of one generation of a file begin with."""
    return f"G#{generation}#"


def outcome_sk(generation: str, feature: str) -> str:
    """The row of one feature's outcome."""
    return f"{generation_prefix(generation)}OUTCOME#{feature}"


def term_list_sk(generation: str, number: int) -> str:
    """The row that lists a file's terms, part by part."""
    return f"{generation_prefix(generation)}TERMS#{number:04}"


def term_pk(term_type: str, normalised: str) -> str:
    """The partition of a term: every file that has it."""
    return f"TERM#{term_type}#{normalised}"


def term_sk(file_id: str, generation: str) -> str:
    """A file's row under a term."""
    return f"FILE#{file_id}#G#{generation}"


def analysis_pk(analysis_id: str) -> str:
    """The partition of an analysis."""
    return f"ANALYSIS#{analysis_id}"


def content_pk(content_id: str) -> str:
    """The partition of bytes that were analyzed."""
    return f"CONTENT#{content_id}"


def attachment_sk(file_id: str, generation: str) -> str:
    """The row of a file that is attached to an analysis.

    A file that comes back to the same attempt attaches anew, so that the rows of an attempt are
    always as many as its count says.
    """
    return f"{ATTACHMENT_PREFIX}{file_id}#{generation}"


def job_pk(service: str, name: str) -> str:
    """The partition of a long job."""
    return f"JOB#{service}#{name}"


def parked_sk(due: str, service: str, name: str) -> str:
    """A parked job's place among those that are asked after, the first one due first."""
    return f"{due}#{service}#{name}"


def quota_pk(service: str) -> str:
    """The partition of a service's slots, and of who waits for one."""
    return f"QUOTA#{service}"


def slot_sk(slot: int) -> str:
    """The row of a slot that is held."""
    return f"{SLOT_PREFIX}{slot:05}"


def wait_sk(since: str, holder: str) -> str:
    """A job's place in the queue for a slot: who waits since earlier comes first."""
    return f"{WAIT_PREFIX}{since}#{holder}"


def spend_pk(period: str) -> str:
    """What was spent on a day (`2026-11-23`) or in a month (`2026-11`)."""
    return f"SPEND#{period}"


def spend_sk(analysis_id: str, attempt: int) -> str:
    """The row of one attempt's cost."""
    return f"{SPEND_PREFIX}{analysis_id}#{attempt:04}"


def totals_prefix(profile: str) -> str:
    """What the sort keys of a profile's totals begin with."""
    return f"TOTAL#{profile}#"


def total_sk(profile: str, analysis_id: str) -> str:
    """The shard of a profile's total that an analysis is added to: one of sixteen."""
    return f"{totals_prefix(profile)}{analysis_id[0]}"


def committed_sk(profile: str) -> str:
    """What of a profile's budget is spent or set aside in a period."""
    return f"COMMITTED#{profile}"


def recent_pk(received: str) -> str:
    """The day of a file, in the index `recent`."""
    return f"FILES#{received[:10]}"


def recent_sk(received: str, file_id: str) -> str:
    """A file's place within its day."""
    return f"{received}#{file_id}"


def results_prefix(file_id: str) -> str:
    """The folder of a file's manifest and, as a rule, of its results."""
    return f"{_RESULTS}{file_id}/"


def reanalysis_prefix(file_id: str, analysis_id: str, number: int = 1) -> str:
    """The folder of results other than the file's first; a further one of the same analysis."""
    further = f".{number}" if number > 1 else ""
    return f"{results_prefix(file_id)}{analysis_id[:12]}{further}/"


def manifest_key(file_id: str) -> str:
    """Where a file's manifest lies."""
    return f"{results_prefix(file_id)}manifest.json"


def owner_of_prefix(prefix: str) -> str:
    """The file whose folder a prefix is, or lies in."""
    return prefix.removeprefix(_RESULTS).split("/", 1)[0]


def scoring_prefix(execution: str) -> str:
    """The folder of what an execution sends to SageMaker; it is forgotten after two weeks."""
    return f"{_SCORING}work/{execution}/"
