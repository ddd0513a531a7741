"""One verb, one file: the folder listing is the list of what the kernel can do."""
