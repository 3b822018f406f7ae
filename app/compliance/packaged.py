"""By what are calls judged unless somebody says otherwise? The packaged rules, phrase packs and tables, read once."""

from functools import cache

from app.compliance.judge import Judge
from app.compliance.reference import load_reference
from app.compliance.rule_set import load_rule_set
from app.language.matching import compile_packs
from app.language.packs import load_pack_document, name_packs, parse_packs


@cache
def load_judge() -> Judge:
    """Return the judge of the packaged rules."""
    document = load_pack_document()
    return Judge(load_rule_set(), compile_packs(parse_packs(document)), load_reference(), name_packs(document))
