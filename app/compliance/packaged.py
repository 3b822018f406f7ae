"""By what are calls judged unless somebody says otherwise? The packaged rules, phrase packs and tables, read once."""

from functools import cache

from app.compliance.judge import Judge
from app.compliance.reference import load_reference
from app.compliance.rule_set import load_rule_set
from app.language.matching import PackSet, compile_packs
from app.language.packs import load_pack_document, name_packs, parse_packs


@cache
def load_packaged_packs() -> PackSet:
    """Return the packaged phrase packs, compiled; without the rules and tables, which weigh more than they do."""
    return compile_packs(parse_packs(load_pack_document()))


@cache
def load_judge() -> Judge:
    """Return the judge of the packaged rules."""
    return Judge(load_rule_set(), load_packaged_packs(), load_reference(), name_packs(load_pack_document()))
