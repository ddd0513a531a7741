"""One lint rule a file: ``check(model)`` yields problems; the module's name is the rule's id."""
