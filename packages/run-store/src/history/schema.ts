/** Changes with every change of the tables: a file of another version is made anew from the folders of the runs. */
export const schemaVersion = 2

/** The tables. `run` is `runs.seq`; times are ISO 8601 in UTC, durations milliseconds. */
export const schema = `
create table runs (
  seq integer primary key,
  folder text not null unique,   -- its name under the root
  run_id text not null,
  name text not null,
  created_at text not null,
  ended text,                    -- how it ended; null where its journal does not say so
  ms real,
  prompt text,
  negative_prompt text,
  model text,
  backend text,
  dialect text,
  server text,
  plan_hash text,
  seed integer,
  error_code text,
  picture_count integer not null,
  journal_bytes integer not null -- of the file, when it was read
);
create index runs_by_time on runs (created_at, seq);
create index runs_not_done on runs (ended, folder, journal_bytes) where ended is not 'done';
create index runs_by_id on runs (run_id);

create table stages (
  run integer not null,
  place integer not null,        -- from 1, among those that are on
  name text not null,
  outcome text,
  ms real,
  calls integer not null,
  made integer not null,
  kept integer not null,
  primary key (run, place)
) without rowid;

create table calls (
  run integer not null,
  stage text not null,
  operation text not null,       -- '' for a stage that works by itself
  merged text not null,          -- names of the stages that are part of the call
  backend text,
  dialect text,
  server text,
  model text,
  ms real not null,              -- without the loads that were measured
  settled integer not null,      -- 1: no other load is in it
  pixels integer,                -- of all pictures it gave
  steps integer
);
create index calls_by_run on calls (run);
create index calls_alike on calls (backend, operation, server);

create table loads (
  run integer not null,
  backend text,
  dialect text,
  server text,
  model text not null,           -- as the backend lists it
  ms real not null
);
create index loads_by_run on loads (run);
create index loads_by_server on loads (backend, server);

create table pictures (
  run integer not null,
  path text not null,            -- within the run's folder, with /
  digest text not null,
  place text not null,           -- final, unfinished or stage
  stage text,
  width integer not null,
  height integer not null,
  seed integer not null,
  lineage text not null,         -- JSON
  primary key (run, path)
) without rowid;
create index pictures_by_digest on pictures (digest);

create table ratings (
  run integer not null,
  digest text not null,
  rating integer not null,
  note text,
  at text not null
);
create index ratings_by_run on ratings (run);
create index ratings_by_digest on ratings (digest, at);

create virtual table words using fts5 (
  prompt, negative_prompt, name, model,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

pragma user_version = ${schemaVersion};
`
