"""Receipt printers: a printable document, its rendering to bytes, and status reading."""
