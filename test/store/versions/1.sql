-- A file of version 1, with a row in every table. It is never changed once that version was published.
CREATE TABLE secret_sign (purpose TEXT PRIMARY KEY NOT NULL, sign TEXT NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, content TEXT NOT NULL);
CREATE TABLE entries (
      id TEXT PRIMARY KEY NOT NULL, at INTEGER NOT NULL, kept_from INTEGER NOT NULL, owner TEXT NOT NULL,
      account TEXT NOT NULL, node TEXT NOT NULL, operation TEXT NOT NULL, state TEXT NOT NULL,
      outcome TEXT, reason TEXT, code TEXT, error TEXT, request_id TEXT, order_no TEXT,
      charged INTEGER, price INTEGER NOT NULL, duration_ms INTEGER,
      consent TEXT, guardian_consent TEXT, purpose TEXT);
CREATE TABLE keys (
      digest TEXT NOT NULL, freed TEXT NOT NULL, entry TEXT NOT NULL, part INTEGER NOT NULL,
      content TEXT NOT NULL, keeps INTEGER NOT NULL, answer BLOB, PRIMARY KEY (digest, freed));
CREATE TABLE processes (owner TEXT PRIMARY KEY NOT NULL, renewed_at INTEGER NOT NULL);
CREATE TABLE outbox (
      id TEXT PRIMARY KEY NOT NULL, location TEXT NOT NULL, put_at INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE spent (
      account TEXT NOT NULL, period TEXT NOT NULL, calls INTEGER NOT NULL, PRIMARY KEY (account, period));
CREATE TABLE waiting (
      id TEXT PRIMARY KEY NOT NULL,
      node TEXT NOT NULL,
      type TEXT NOT NULL,
      since INTEGER NOT NULL,
      deadline INTEGER,
      orphaned_at INTEGER,
      task_ids TEXT NOT NULL,
      sealed BLOB NOT NULL
    );
CREATE TABLE seen (
      identity_digest TEXT NOT NULL, copy_number INTEGER NOT NULL, photo_digest TEXT NOT NULL UNIQUE,
      came_at INTEGER NOT NULL, gap INTEGER, delete_at INTEGER NOT NULL,
      PRIMARY KEY (identity_digest, copy_number));
CREATE TABLE stored_photos (
      id TEXT PRIMARY KEY NOT NULL, node TEXT NOT NULL, url TEXT, region TEXT, content_type TEXT NOT NULL,
      bytes INTEGER NOT NULL, put_at INTEGER NOT NULL, delete_at INTEGER NOT NULL, redelete_at INTEGER,
      retry_at INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, failing_since INTEGER);
CREATE INDEX entries_open ON entries (id) WHERE state IN ('claimed', 'uncertain');
CREATE INDEX keys_entry ON keys (entry);
CREATE INDEX seen_came_at ON seen (came_at);
CREATE INDEX seen_delete_at ON seen (delete_at);
CREATE INDEX stored_photos_node ON stored_photos (node, delete_at);
INSERT INTO secret_sign (purpose, sign) VALUES ('database', 'NorjZpt8j_sqIA8vdbR2Wg');
INSERT INTO meta (name, content) VALUES ('id', '638ff20f-2f25-4f46-827b-e7a568d316f5');
INSERT INTO meta (name, content) VALUES ('count', '8');
INSERT INTO meta (name, content) VALUES ('stored photos: clock', '{"process":"a process","elapsed":1,"now":1795579200000}');
INSERT INTO meta (name, content) VALUES ('shared a location', '{"id":"b","count":3}');
INSERT INTO entries (id, at, kept_from, owner, account, node, operation, state, outcome, reason, code, error, request_id, order_no, charged, price, duration_ms, consent, guardian_consent, purpose) VALUES ('20261125-120000-000000000001', 1795579200000, 1795579200000, 'a process', 'an-account', 'a-node', 'face-compare', 'settled', 'passed', NULL, '200', NULL, 'a request', 'an order', 1, 15000, 12, 'KYC-1', NULL, '签到');
INSERT INTO keys (digest, freed, entry, part, content, keeps, answer) VALUES ('M_uB_n7tNHXf41gtLYjE1A', '', '20261125-120000-000000000001', 0, 'bYMOUcgM-v4zamwgxSAXuQ', 1, X'7d428f33f919b1e4fa5d97a6ce78ebe246a8ba6ad8a96980a1746cd529d85e0ca5ee7c02a643bc1247eb');
INSERT INTO keys (digest, freed, entry, part, content, keeps, answer) VALUES ('3PBlNe3vxdiheQ02hp0kGA', '20261125-120000-000000000001', '20261125-120000-000000000001', 0, 'bYMOUcgM-v4zamwgxSAXuQ', 1, NULL);
INSERT INTO keys (digest, freed, entry, part, content, keeps, answer) VALUES ('gVwmAeSPBrCQ3AT6i8tauw', '', '20261125-120000-000000000001', 0, 'bYMOUcgM-v4zamwgxSAXuQ', 1, X'e22d3100ce9e37739dbfb0fb3c9c24a3b6f852d414245e61929eda91d077b06fcb5137a0d9ae3b468e09');
INSERT INTO processes (owner, renewed_at) VALUES ('a process', 1795579200000);
INSERT INTO outbox (id, location, put_at, sealed) VALUES ('a call', 'a location', 1795579200000, X'67ac100530c293ed7bad49f1f5564895731c3cebcb977a666527bcb4eb3d40489f4d128e6791642d5c929068c1dcc064015c18510f0f5a82491e98e569878596d31ca183910ef68782d81f049a9be3a04119');
INSERT INTO spent (account, period, calls) VALUES ('an-account', '2026-11-25', 1);
INSERT INTO spent (account, period, calls) VALUES ('an-account', '2026-11', 1);
INSERT INTO waiting (id, node, type, since, deadline, orphaned_at, task_ids, sealed) VALUES ('0193636a0800010203040506', 'a-node', 'truth-poll', 1795579200000, 1795579500000, NULL, '1,2', X'ddcfa4deeb7a0136f914a8d575046cead0404e3b5f69d8739c2464ee18482bf96caa1e1775d7');
INSERT INTO seen (identity_digest, copy_number, photo_digest, came_at, gap, delete_at) VALUES ('BYRzVNakuhAo4ePtjZh-xw', 1, 'HMKld1i6mVvOG2bjZrIHTQ', 1795579200000, NULL, 1798171200000);
INSERT INTO stored_photos (id, node, url, region, content_type, bytes, put_at, delete_at, redelete_at, retry_at, attempts, failing_since) VALUES ('a photo', 'a-store', 'https://bucket.example/a.jpg', 'cn-east-1', 'image/jpeg', 1000, 1795579200000, 1795665600000, NULL, 0, 0, NULL);
PRAGMA user_version = 1;
