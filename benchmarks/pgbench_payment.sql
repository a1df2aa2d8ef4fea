-- What the hub sends to PostgreSQL for one payment into an account with an open month, in its own order: the row of the
-- replay window by itself, the rest as one transaction. Texts and replies are as long as the hub's. The colon of the
-- ledger's account names is chr(58), because pgbench takes a written one for a variable even in quotes.
\set account random(1, :accounts)
\set a random(1, 2000000000)
\set b random(1, 2000000000)
INSERT INTO seen_requests (terminal, request_id, seen_at) VALUES ('bench-1', md5(:a::text || 'r' || :b::text), now()) ON CONFLICT DO NOTHING RETURNING seen_requests.request_id;
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT payments.id, payments.terminal, payments.content, payments.reply, payments.claim_id, quotes.terminal AS quote_terminal, quotes.account_no AS quote_account FROM (SELECT 1 AS one) AS anon_1 LEFT OUTER JOIN payments ON payments.id = md5(:a::text || 'p' || :b::text) LEFT OUTER JOIN quotes ON quotes.id = md5(:account::text);
SELECT accounts.account_no, accounts.state, accounts.balance_fen, accounts.tariff_id FROM accounts WHERE accounts.account_no = lpad(:account::text, 16, '0') FOR UPDATE;
SELECT bills.bill_no, bills.month, bills.kwh, bills.charge_fen, bills.due_date, bills.paid_fen, bills.late_fee_accrued_fen, bills.late_fee_accrued_to, bills.late_fee_paid_fen FROM bills WHERE bills.account_no = lpad(:account::text, 16, '0') AND bills.paid_fen < bills.charge_fen ORDER BY bills.month;
INSERT INTO transactions (kind, reference, business_date, posted_at) VALUES ('payment', md5(:a::text || 'p' || :b::text), current_date, now()) RETURNING transactions.id AS serial \gset
INSERT INTO legs (transaction_id, line, account, amount_fen, bill_no) VALUES (:serial, 1, 'cash' || chr(58) || 'bench-1', 100, NULL);
INSERT INTO legs (transaction_id, line, account, amount_fen, bill_no) VALUES (:serial, 2, 'receivable' || chr(58) || lpad(:account::text, 16, '0'), -100, lpad(:account::text, 16, '0') || '-202610');
INSERT INTO payments (id, terminal, content, account_no, amount_fen, transaction_id, reply) VALUES (md5(:a::text || 'p' || :b::text), 'bench-1', repeat('x', 270), lpad(:account::text, 16, '0'), 100, :serial, repeat('x', 373)::bytea);
UPDATE bills SET paid_fen = paid_fen + 100, late_fee_accrued_fen = 0, late_fee_accrued_to = current_date, late_fee_paid_fen = 0 WHERE bills.bill_no = lpad(:account::text, 16, '0') || '-202610';
COMMIT;
