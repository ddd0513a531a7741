"""Official documents as PDF: what a document says (:mod:`.model`) and how it is set on A4 (:mod:`.pdf`)."""
