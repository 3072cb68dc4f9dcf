-- A file of version 1, with a row in every table. It is never changed once that version was published.
CREATE TABLE secret_sign (purpose TEXT PRIMARY KEY NOT NULL, sign TEXT NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, content TEXT NOT NULL);
CREATE TABLE entries (
      id TEXT PRIMARY KEY NOT NULL, at INTEGER NOT NULL, kept_from INTEGER NOT NULL, owner TEXT NOT NULL,
      account TEXT NOT NULL, node TEXT NOT NULL, operation TEXT NOT NULL, state TEXT NOT NULL,
      outcome TEXT, reason TEXT, code TEXT, error TEXT, request_id TEXT, order_no TEXT,
      charged INTEGER, price INTEGER NOT NULL, duration_ms INTEGER);
CREATE TABLE keys (
      digest TEXT NOT NULL, freed TEXT NOT NULL, entry TEXT NOT NULL, part INTEGER NOT NULL,
      content TEXT NOT NULL, keeps INTEGER NOT NULL, answer BLOB, PRIMARY KEY (digest, freed));
CREATE TABLE processes (owner TEXT PRIMARY KEY NOT NULL, renewed_at INTEGER NOT NULL);
CREATE TABLE outbox (
      id TEXT PRIMARY KEY NOT NULL, server TEXT NOT NULL, put_at INTEGER NOT NULL, sealed BLOB NOT NULL);
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
INSERT INTO meta (name, content) VALUES ('id', '50fb9daf-9a1a-42dc-9cda-ec27c060d4db');
INSERT INTO meta (name, content) VALUES ('count', '8');
INSERT INTO meta (name, content) VALUES ('stored photos: clock', '{"process":"a process","elapsed":1,"now":1795579200000}');
INSERT INTO meta (name, content) VALUES ('shared a server', '{"id":"b","count":3}');
INSERT INTO entries (id, at, kept_from, owner, account, node, operation, state, outcome, reason, code, error, request_id, order_no, charged, price, duration_ms) VALUES ('20261125-120000-000000000001', 1795579200000, 1795579200000, 'a process', 'an-account', 'a-node', 'face-compare', 'settled', 'passed', NULL, '200', NULL, 'a request', 'an order', 1, 15000, 12);
INSERT INTO keys (digest, freed, entry, part, content, keeps, answer) VALUES ('M_uB_n7tNHXf41gtLYjE1A', '', '20261125-120000-000000000001', 0, 'bYMOUcgM-v4zamwgxSAXuQ', 1, X'9af422e2b4701f77e3fdce700d137fb94ed79b734c58114e4f2311403389c82410e0188c378fcc9ed09d');
INSERT INTO keys (digest, freed, entry, part, content, keeps, answer) VALUES ('3PBlNe3vxdiheQ02hp0kGA', '20261125-120000-000000000001', '20261125-120000-000000000001', 0, 'bYMOUcgM-v4zamwgxSAXuQ', 1, NULL);
INSERT INTO keys (digest, freed, entry, part, content, keeps, answer) VALUES ('gVwmAeSPBrCQ3AT6i8tauw', '', '20261125-120000-000000000001', 0, 'bYMOUcgM-v4zamwgxSAXuQ', 1, X'2f7048d962524d83d1ed7a93622aee95badaf7cd1f24c56f471bff2b2cc7287087ee8f773afa125f3112');
INSERT INTO processes (owner, renewed_at) VALUES ('a process', 1795579200000);
INSERT INTO outbox (id, server, put_at, sealed) VALUES ('a call', 'a server', 1795579200000, X'a81ca1bb77927dd42ef67eea8f8837a0dd5dea7ed56746cb3157a84305a9976e4647df880cc0c0c1b655432cb860c5f1d87477cda0de2f3d17bc6312d8bac5d6f5b7323660d518b7af125637e21efde7229b');
INSERT INTO spent (account, period, calls) VALUES ('an-account', '2026-11-25', 1);
INSERT INTO spent (account, period, calls) VALUES ('an-account', '2026-11', 1);
INSERT INTO waiting (id, node, type, since, deadline, orphaned_at, task_ids, sealed) VALUES ('0193636a0800010203040506', 'a-node', 'truth-poll', 1795579200000, 1795579500000, NULL, '1,2', X'bea642e09c7ce6ca2bb26940830c6902b3bb51c65e9db53b08d5c650ec1316abcb34a50da26b');
INSERT INTO seen (identity_digest, copy_number, photo_digest, came_at, gap, delete_at) VALUES ('BYRzVNakuhAo4ePtjZh-xw', 1, 'HMKld1i6mVvOG2bjZrIHTQ', 1795579200000, NULL, 1798171200000);
INSERT INTO stored_photos (id, node, url, region, content_type, bytes, put_at, delete_at, redelete_at, retry_at, attempts, failing_since) VALUES ('a photo', 'a-store', 'https://bucket.example/a.jpg', 'cn-east-1', 'image/jpeg', 1000, 1795579200000, 1795665600000, NULL, 0, 0, NULL);
PRAGMA user_version = 1;
