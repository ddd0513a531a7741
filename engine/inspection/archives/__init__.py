"""Archiving closed cases (归档): what must be in a case file, how it is bound, packed, proved and verified.

The rules are rows of ``processes/tables/archive.json``; :mod:`.commands` archives, :mod:`.job` builds
the PDF (:mod:`.content`) and the ZIP (:mod:`.package`), :mod:`.verify` checks one without any database.
"""
