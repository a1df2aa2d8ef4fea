"""What the hub keeps: its tables, the tariff files and the sample town."""
