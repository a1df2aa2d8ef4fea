"""All tables of the hub's books, those of each tender beside the rest."""

from hub.data import schema_bank, schema_bank_terminals, schema_phone, schema_recharge
from hub.data.schema import REVISION, metadata

__all__ = ["REVISION", "metadata", "schema_bank", "schema_bank_terminals", "schema_phone", "schema_recharge"]
