-- A cluster can be switched off; the age of a token counts from when its secret was entered here (null: as the cluster).
ALTER TABLE clusters ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE clusters ADD COLUMN token_entered_at INTEGER;
-- What Proxmox said of a guest's configuration, kept for when its node does not answer. JSON.
ALTER TABLE guests ADD COLUMN facts TEXT;
ALTER TABLE guests ADD COLUMN facts_at INTEGER;
