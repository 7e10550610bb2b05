-- The guest's `cmode` from before the job changed it: empty where none was set, null while the job has changed nothing.
ALTER TABLE jobs ADD COLUMN console_before TEXT;
