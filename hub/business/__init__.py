"""The rules of electricity money: tariffs, bills, late fees, payments and the books."""
