"""Which global names a piece of source binds and uses. Decided by Python's own symbol tables."""

from __future__ import annotations

import symtable
from collections.abc import Iterator


def bound_names(source: str) -> frozenset[str]:
    """Names that running `source` as a module binds: imports, assignments, functions, classes."""
    return _bound(symtable.symtable(source, "<source>", "exec"))


def used_names(source: str) -> frozenset[str]:
    """Global names (builtins among them) that `source` uses in any scope and does not bind itself."""
    top = symtable.symtable(source, "<source>", "exec")
    used = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    for table in _below(top):
        used |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return frozenset(used) - _bound(top)


def _bound(top: symtable.SymbolTable) -> frozenset[str]:
    return frozenset(s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported())


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)
