CREATE TABLE IF NOT EXISTS {table} (
    key text COLLATE "C" PRIMARY KEY,
    data bytea NOT NULL,
    version bigint GENERATED ALWAYS AS IDENTITY,
    written timestamptz NOT NULL DEFAULT now()
)
