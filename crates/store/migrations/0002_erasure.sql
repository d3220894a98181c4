-- Statements that were taken away, by the erasure of a person or by a rule of retention: the id, so that nobody brings it back,
-- and a keyed hash of what it meant, so that whoever sends the same again is answered as if it were here.
CREATE TABLE statement_gone (
    id      {id} PRIMARY KEY,
    meaning {bytes} NOT NULL,
    gone_at {instant} NOT NULL
) {clustered};

-- Days of learning of which statements were taken away. What was counted for them stays as it is and is not made again.
CREATE TABLE learning_final (
    person_id {id} NOT NULL,
    day       {day} NOT NULL,
    PRIMARY KEY (person_id, day)
) {clustered};

-- That somebody is to be erased: one asks, another one does it. receipt is JSON, once it is done.
CREATE TABLE erasure (
    id        {id} PRIMARY KEY,
    person_id {id} NOT NULL REFERENCES person (id),
    asked_by  {text} NOT NULL,
    asked_at  {instant} NOT NULL,
    why       {text} NOT NULL,
    done_by   {text},
    done_at   {instant},
    receipt   {text}
) {strict};
