"""The only package that imports SpiffWorkflow: parse, execute, snapshot and restore one process."""
