"""Results that a department without log-ins sends back by file (代录): template, check, entry.

Columns and the fields they fill are rows of ``processes/tables/report-column.json``; every row of
the file goes through the same commands and forms as an entry by hand, with the signed letter behind it.
"""
