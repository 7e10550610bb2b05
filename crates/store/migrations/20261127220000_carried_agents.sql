-- An agent whose guest does not reach this computer is heard through its node, at once after a start.
ALTER TABLE agents ADD COLUMN carried INTEGER NOT NULL DEFAULT 0;
