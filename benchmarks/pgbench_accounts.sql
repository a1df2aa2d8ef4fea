-- The peer's own accounts, each with one open month and a quote, in a copy of the hub's database.
INSERT INTO accounts (account_no, name, phone, address, supply_unit, usage_class, tariff_id, state, opened_on, balance_fen)
SELECT lpad(number::text, 16, '0'), model.name, model.phone, model.address, model.supply_unit, model.usage_class, model.tariff_id, 'open', model.opened_on, 0
FROM generate_series(1, :accounts) AS number, (SELECT * FROM accounts ORDER BY account_no LIMIT 1) AS model;
INSERT INTO bills (bill_no, account_no, month, kwh, charge_fen, issued_on, due_date, paid_fen, late_fee_accrued_fen, late_fee_paid_fen)
SELECT lpad(number::text, 16, '0') || '-202610', lpad(number::text, 16, '0'), '2026-10', 100, 1000000000, current_date, current_date, 0, 0, 0
FROM generate_series(1, :accounts) AS number;
INSERT INTO quotes (id, terminal, content, account_no, expires_at, reply)
SELECT md5(number::text), 'bench-1', repeat('x', 120), lpad(number::text, 16, '0'), now(), repeat('x', 250)::bytea
FROM generate_series(1, :accounts) AS number;
ANALYZE;
