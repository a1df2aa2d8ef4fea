"""The banks' wire: ISO 8583 in the compressed form that UnionPay's acquirers speak, with its MACs and keys."""
