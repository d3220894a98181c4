-- The whole first schema. Type words in braces are replaced per database (see store::db::migrate).
-- Days are calendar days without a zone; instants are UTC; ids are UUIDv7.
-- Every big table carries its distribution column in its primary key (observation, roll-ups, standing, learning_day: the subject;
-- statement rows: the statement id), so that the same schema can be spread by Citus.

-- ---------------------------------------------------------------- people

CREATE TABLE org_unit (
    id         {id} PRIMARY KEY,
    code       {text} NOT NULL UNIQUE,
    name       {text} NOT NULL,
    kind       {text} NOT NULL,
    zone       {text},
    created_at {instant} NOT NULL
) {strict};

-- Where a unit hangs in the tree, over time. A unit without a row at a day is a root.
CREATE TABLE org_placement (
    unit_id    {id} NOT NULL REFERENCES org_unit (id),
    from_day   {day} NOT NULL,
    until_day  {day},
    parent_id  {id} NOT NULL REFERENCES org_unit (id),
    PRIMARY KEY (unit_id, from_day)
) {clustered};
CREATE INDEX org_placement_parent ON org_placement (parent_id);

CREATE TABLE job_role (id {id} PRIMARY KEY, code {text} NOT NULL UNIQUE, name {text} NOT NULL) {strict};

CREATE TABLE person (
    id         {id} PRIMARY KEY,
    code       {text} NOT NULL UNIQUE,
    name       {text} NOT NULL,
    name_fold  {text} NOT NULL,
    email      {text},
    email_fold {text} UNIQUE,
    state      {text} NOT NULL,
    created_at {instant} NOT NULL
) {strict};

-- One identity in one system. person_id is empty while nobody has said whose it is.
-- acted says whether it is the actor of a statement, rather than only mentioned in some.
CREATE TABLE account (
    id            {id} PRIMARY KEY,
    key           {text} NOT NULL UNIQUE,
    display       {text},
    person_id     {id} REFERENCES person (id),
    first_seen_at {instant} NOT NULL,
    acted         {bool} NOT NULL DEFAULT FALSE,
    resolved_at   {instant},
    resolved_by   {id}
) {strict};
CREATE INDEX account_person ON account (person_id);

CREATE TABLE membership (
    person_id   {id} NOT NULL REFERENCES person (id),
    from_day    {day} NOT NULL,
    until_day   {day},
    unit_id     {id} NOT NULL REFERENCES org_unit (id),
    job_role_id {id} NOT NULL REFERENCES job_role (id),
    PRIMARY KEY (person_id, from_day)
) {clustered};
CREATE INDEX membership_unit ON membership (unit_id);

CREATE TABLE reporting_line (
    person_id {id} NOT NULL REFERENCES person (id),
    from_day  {day} NOT NULL,
    until_day {day},
    leader_id {id} NOT NULL REFERENCES person (id),
    PRIMARY KEY (person_id, from_day)
) {clustered};
CREATE INDEX reporting_line_leader ON reporting_line (leader_id);

-- Spans in which less or nothing is expected of a person: leave, illness, part time. Share is what is left of the time.
-- The reason is nobody's business here.
CREATE TABLE absence (
    person_id {id} NOT NULL REFERENCES person (id), from_day {day} NOT NULL, until_day {day} NOT NULL,
    share {double} NOT NULL, PRIMARY KEY (person_id, from_day)
) {clustered};

-- Which days are worked, as JSON; and the units in which a calendar holds, with everything below them.
CREATE TABLE calendar (
    code {text} PRIMARY KEY, calendar {text} NOT NULL
) {strict};

CREATE TABLE unit_calendar (
    unit_id {id} PRIMARY KEY REFERENCES org_unit (id), calendar_code {text} NOT NULL REFERENCES calendar (code)
) {strict};

-- Spans in which a unit and everything below it does not work.
CREATE TABLE closure (
    unit_id {id} NOT NULL REFERENCES org_unit (id), from_day {day} NOT NULL, until_day {day} NOT NULL,
    reason {text} NOT NULL, PRIMARY KEY (unit_id, from_day)
) {clustered};

-- ---------------------------------------------------------------- access

CREATE TABLE access_grant (
    person_id   {id} NOT NULL REFERENCES person (id),
    access_role {text} NOT NULL,
    from_day    {day} NOT NULL,
    until_day   {day},
    PRIMARY KEY (person_id, access_role, from_day)
) {strict};

CREATE TABLE password (
    person_id  {id} PRIMARY KEY REFERENCES person (id),
    hash       {text} NOT NULL,
    changed_at {instant} NOT NULL
) {strict};

-- notes_key is the key of their private notes while they are open, sealed by the session's secret.
CREATE TABLE web_session (
    token_hash {bytes} PRIMARY KEY,
    person_id  {id} NOT NULL REFERENCES person (id),
    created_at {instant} NOT NULL,
    seen_at    {instant} NOT NULL,
    ends_at    {instant} NOT NULL,
    notes_key  {bytes}
) {strict};
CREATE INDEX web_session_person ON web_session (person_id);

-- One-use links: first start, invitation, reset.
CREATE TABLE one_use_link (
    token_hash {bytes} PRIMARY KEY,
    purpose    {text} NOT NULL,
    person_id  {id} REFERENCES person (id),
    created_at {instant} NOT NULL,
    ends_at    {instant} NOT NULL,
    used_at    {instant}
) {strict};

-- former_hash is the secret before the last one; it works until former_until, so that a machine can be told the new one in peace.
-- actors is a pattern over the actors that the key may speak of; empty for any.
CREATE TABLE api_key (
    id           {id} PRIMARY KEY,
    name         {text} NOT NULL,
    key          {text} NOT NULL UNIQUE,
    secret_hash  {bytes} NOT NULL,
    former_hash  {bytes},
    former_until {instant},
    scopes       {text} NOT NULL,
    actors       {text},
    created_at   {instant} NOT NULL,
    expires_at   {instant},
    revoked_at   {instant},
    last_used_at {instant}
) {strict};

-- Who looked at whose data. Insert only.
CREATE TABLE access_log (
    subject_id {id} NOT NULL,
    at         {instant} NOT NULL,
    id         {id} NOT NULL,
    viewer_id  {id} NOT NULL,
    what       {text} NOT NULL,
    relation   {text} NOT NULL,
    PRIMARY KEY (subject_id, at, id)
) {clustered};

-- Who changed what. Insert only.
CREATE TABLE audit_log (
    id      {id} PRIMARY KEY,
    at      {instant} NOT NULL,
    actor   {text} NOT NULL,
    act     {text} NOT NULL,
    subject {text} NOT NULL,
    detail  {text} NOT NULL
) {strict};
CREATE INDEX audit_log_subject ON audit_log (subject, at);

-- ---------------------------------------------------------------- feeds

CREATE TABLE feed (
    id        {id} PRIMARY KEY,
    code      {text} NOT NULL UNIQUE,
    name      {text} NOT NULL,
    kind      {text} NOT NULL,
    owner_id  {id} REFERENCES person (id),
    cadence   {text} NOT NULL,
    lag_days  {bigint} NOT NULL
) {strict};

-- One arrival of data. Problems is a JSON list of what was refused and why.
CREATE TABLE feed_run (
    id            {id} PRIMARY KEY,
    feed_id       {id} NOT NULL REFERENCES feed (id),
    at            {instant} NOT NULL,
    source        {text} NOT NULL,
    accepted      {bigint} NOT NULL,
    unchanged     {bigint} NOT NULL,
    corrected     {bigint} NOT NULL,
    refused       {bigint} NOT NULL,
    problems      {text} NOT NULL
) {strict};
CREATE INDEX feed_run_feed ON feed_run (feed_id, at);

-- What arrived for each period of a feed, for the day rows: how many subjects reported, how many of them late or corrected.
CREATE TABLE feed_period (
    feed_id   {id} NOT NULL REFERENCES feed (id),
    period    {day} NOT NULL,
    expected  {bigint} NOT NULL,
    received  {bigint} NOT NULL,
    late      {bigint} NOT NULL,
    corrected {bigint} NOT NULL,
    PRIMARY KEY (feed_id, period)
) {clustered};

-- ---------------------------------------------------------------- metrics

CREATE TABLE metric (
    id   {id} PRIMARY KEY,
    code {text} NOT NULL UNIQUE
) {strict};

-- A definition, versioned; the newest version is the one in force.
CREATE TABLE metric_version (
    metric_id   {id} NOT NULL REFERENCES metric (id),
    version     {bigint} NOT NULL,
    name        {text} NOT NULL,
    unit        {text} NOT NULL,
    direction   {text} NOT NULL,
    level       {text} NOT NULL,
    grain       {text} NOT NULL,
    aggregation {text} NOT NULL,
    cadence     {text} NOT NULL,
    decimals    {bigint} NOT NULL,
    guardrail   {bool} NOT NULL,
    owner_id    {id} REFERENCES person (id),
    feed_id     {id} REFERENCES feed (id),
    source      {text} NOT NULL,
    description {text} NOT NULL,
    set_by      {text} NOT NULL,
    set_at      {instant} NOT NULL,
    why         {text} NOT NULL,
    PRIMARY KEY (metric_id, version)
) {strict};

-- Appended, never edited: a correction is a new revision.
CREATE TABLE observation (
    subject_id  {id} NOT NULL,
    metric_id   {id} NOT NULL REFERENCES metric (id),
    period      {day} NOT NULL,
    revision    {bigint} NOT NULL,
    numerator   {double} NOT NULL,
    denominator {double},
    received_at {instant} NOT NULL,
    run_id      {id},
    PRIMARY KEY (subject_id, metric_id, period, revision)
) {clustered};

-- Roll-up: the newest revision of each period (days summed or averaged to weeks), for the subject itself
-- and, for metrics of persons, for every unit above it. Derived; can be rebuilt.
CREATE TABLE metric_period (
    subject_id   {id} NOT NULL,
    metric_id    {id} NOT NULL,
    period       {day} NOT NULL,
    numerator    {double} NOT NULL,
    denominator  {double},
    contributors {bigint} NOT NULL,
    revision     {bigint} NOT NULL,
    late         {bool} NOT NULL,
    PRIMARY KEY (metric_id, subject_id, period)
) {clustered};
CREATE INDEX metric_period_metric ON metric_period (metric_id, period);

-- ---------------------------------------------------------------- targets

-- scope is 'person', 'unit', 'job_role' or 'all'; scope_id is empty for 'all'.
CREATE TABLE target (
    id        {id} PRIMARY KEY,
    metric_id {id} NOT NULL REFERENCES metric (id),
    scope     {text} NOT NULL,
    scope_id  {id},
    version   {bigint} NOT NULL,
    level     {double} NOT NULL,
    tolerance {double} NOT NULL,
    window_periods {bigint} NOT NULL,
    from_day  {day} NOT NULL,
    ended     {bool} NOT NULL,
    set_by    {text} NOT NULL,
    set_at    {instant} NOT NULL,
    why       {text} NOT NULL
) {strict};
CREATE INDEX target_scope ON target (metric_id, scope, scope_id, version);

CREATE TABLE commitment (
    id        {id} PRIMARY KEY,
    person_id {id} NOT NULL REFERENCES person (id),
    metric_id {id} NOT NULL REFERENCES metric (id),
    version   {bigint} NOT NULL,
    level     {double} NOT NULL,
    from_day  {day} NOT NULL,
    ended     {bool} NOT NULL,
    set_by    {text} NOT NULL,
    set_at    {instant} NOT NULL,
    why       {text} NOT NULL,
    UNIQUE (person_id, metric_id, version)
) {strict};

-- That the other one of a person and their leader agreed to a target or commitment.
CREATE TABLE level_agreement (
    level_id  {id} PRIMARY KEY,
    person_id {id} NOT NULL REFERENCES person (id),
    at        {instant} NOT NULL
) {strict};

-- Where each subject stands on each metric now. Derived; can be rebuilt.
CREATE TABLE standing (
    subject_id  {id} NOT NULL,
    metric_id   {id} NOT NULL REFERENCES metric (id),
    state       {text} NOT NULL,
    period      {day},
    value       {double},
    usual_mean  {double},
    usual_low   {double},
    usual_high  {double},
    target      {double},
    tolerance   {double},
    commitment  {double},
    since       {day},
    detail      {text} NOT NULL,
    PRIMARY KEY (subject_id, metric_id)
) {clustered};

-- ---------------------------------------------------------------- alerts

-- Rules are versioned configuration; the newest version of a code is the one in force. Params is TOML-shaped JSON.
CREATE TABLE alert_rule (
    id      {id} PRIMARY KEY,
    code    {text} NOT NULL,
    version {bigint} NOT NULL,
    kind    {text} NOT NULL,
    params  {text} NOT NULL,
    set_by  {text} NOT NULL,
    set_at  {instant} NOT NULL,
    why     {text} NOT NULL,
    UNIQUE (code, version)
) {strict};

-- What the last whole evaluation of a metric found to be common: for each group a little array of movements by period
-- (64-bit floats, little-endian, NaN where there is none) and of how many subjects reported and have changed since (32-bit).
-- Derived; can be rebuilt.
CREATE TABLE common_movement (
    metric_id {id} NOT NULL REFERENCES metric (id), unit_id {id} NOT NULL, subjects {bigint} NOT NULL,
    moved {bytes} NOT NULL, reporting {bytes} NOT NULL, changed {bytes} NOT NULL, PRIMARY KEY (metric_id, unit_id)
) {strict};

-- What the subjects of a metric share in their noise and lend to newcomers, as JSON; on an axis that begins at first_day.
CREATE TABLE metric_shared (
    metric_id {id} PRIMARY KEY REFERENCES metric (id), first_day {day} NOT NULL, rule {text} NOT NULL,
    shared {text} NOT NULL
) {strict};

-- One episode of a rule being true for a subject. Facts is JSON: what moved, by how much, against what.
CREATE TABLE alert (
    subject_id   {id} NOT NULL,
    id           {id} NOT NULL,
    subject_kind {text} NOT NULL,
    metric_id    {id} NOT NULL REFERENCES metric (id),
    kind         {text} NOT NULL,
    direction    {text} NOT NULL,
    state        {text} NOT NULL,
    since        {day} NOT NULL,
    opened_on    {day} NOT NULL,
    opened_at    {instant} NOT NULL,
    closed_on    {day},
    closed_at    {instant},
    snoozed_until {day},
    effect       {double} NOT NULL,
    facts        {text} NOT NULL,
    rule         {text} NOT NULL,
    within_id    {id},
    previous_id  {id},
    answer       {text},
    answer_note  {text},
    answered_at  {instant},
    version      {bigint} NOT NULL,
    hand_id      {id},
    PRIMARY KEY (subject_id, id)
) {strict};
CREATE UNIQUE INDEX alert_id ON alert (id);
CREATE INDEX alert_metric ON alert (metric_id, state);

-- Every change of an episode's state, with who and why.
CREATE TABLE alert_event (
    alert_id {id} NOT NULL,
    number   {bigint} NOT NULL,
    at       {instant} NOT NULL,
    state    {text} NOT NULL,
    by       {text} NOT NULL,
    note     {text} NOT NULL,
    PRIMARY KEY (alert_id, number)
) {clustered};

-- What is kept quiet for a time: scope by person, metric or unit, with who answers for it, a reason and an end.
CREATE TABLE silence (
    id        {id} PRIMARY KEY,
    person_id {id} REFERENCES person (id),
    metric_id {id} REFERENCES metric (id),
    unit_id   {id} REFERENCES org_unit (id),
    owner_id  {id} NOT NULL REFERENCES person (id),
    reason    {text} NOT NULL,
    set_at    {instant} NOT NULL,
    until_day {day} NOT NULL,
    ended_at  {instant}
) {strict};

-- Alerts that their person has for themselves until a moment; then their leader is told.
CREATE TABLE alert_grace (
    alert_id {id} PRIMARY KEY,
    due_at   {instant} NOT NULL
) {strict};

-- unasked is true for what nobody asked for, held for what waits for the digest.
CREATE TABLE notification (
    person_id  {id} NOT NULL REFERENCES person (id),
    id         {id} NOT NULL,
    at         {instant} NOT NULL,
    about      {text} NOT NULL,
    about_id   {id} NOT NULL,
    text       {text} NOT NULL,
    url        {text} NOT NULL,
    seen_at    {instant},
    unasked    {bool} NOT NULL DEFAULT FALSE,
    held       {bool} NOT NULL DEFAULT FALSE,
    PRIMARY KEY (person_id, id)
) {strict};
CREATE INDEX notification_held ON notification (at) WHERE held = TRUE;

-- ---------------------------------------------------------------- jobs

-- Everything that leaves the server. Written in the transaction of the change that causes it.
CREATE TABLE outbox (
    id           {id} PRIMARY KEY,
    kind         {text} NOT NULL,
    -- To whom; what goes to one target leaves in the order of its places.
    target       {text} NOT NULL,
    place        {bigint} NOT NULL,
    -- What must not be said twice carries the same word here.
    once         {text} UNIQUE,
    payload      {text} NOT NULL,
    state        {text} NOT NULL,
    attempts     {bigint} NOT NULL,
    -- Seconds that we meant to wait so far.
    waited       {bigint} NOT NULL,
    created_at   {instant} NOT NULL,
    next_at      {instant} NOT NULL,
    leased_until {instant},
    done_at      {instant},
    last_error   {text}
) {strict};
CREATE INDEX outbox_state ON outbox (state, next_at);
CREATE INDEX outbox_target ON outbox (target, place);

-- A private calendar feed of each person who made one.
CREATE TABLE calendar_feed (
    person_id  {id} PRIMARY KEY REFERENCES person (id),
    token_hash {bytes} NOT NULL UNIQUE,
    created_at {instant} NOT NULL
) {strict};

-- Replies by mail that were taken, so that none is taken twice.
CREATE TABLE reply_seen (
    hash {bytes} PRIMARY KEY,
    at   {instant} NOT NULL
) {strict};

-- Addresses to which others want to be told. An endpoint of nobody is told facts about nobody in particular.
CREATE TABLE webhook_endpoint (
    id         {id} PRIMARY KEY,
    name       {text} NOT NULL,
    url        {text} NOT NULL,
    format     {text} NOT NULL,
    person_id  {id} REFERENCES person (id),
    readers    {text} NOT NULL,
    state      {text} NOT NULL,
    reason     {text} NOT NULL,
    secret     {bytes} NOT NULL,
    old_secret {bytes},
    old_until  {instant},
    created_at {instant} NOT NULL,
    created_by {text} NOT NULL
) {strict};
CREATE INDEX webhook_endpoint_person ON webhook_endpoint (person_id);

-- One try of a delivery: what came of it, and in how many milliseconds.
CREATE TABLE outbox_try (
    delivery_id {id} NOT NULL,
    number      {bigint} NOT NULL,
    at          {instant} NOT NULL,
    millis      {bigint} NOT NULL,
    outcome     {text} NOT NULL,
    words       {text} NOT NULL,
    PRIMARY KEY (delivery_id, number)
) {clustered};

-- Other record stores to which statements go on. filter is JSON; position is the last seq that was looked at.
CREATE TABLE forward (
    id         {id} PRIMARY KEY,
    name       {text} NOT NULL,
    url        {text} NOT NULL,
    key        {text} NOT NULL,
    secret     {text} NOT NULL,
    version    {text} NOT NULL,
    filter     {text} NOT NULL,
    position   {bigint} NOT NULL,
    created_at {instant} NOT NULL
) {strict};

-- How far each step of the pipeline has read.
CREATE TABLE pipeline_cursor (
    step     {text} PRIMARY KEY,
    position {bigint} NOT NULL
) {strict};

-- Keys whose derived rows must be recomputed by a step. Written with the change; removed with the recomputation.
CREATE TABLE pipeline_key (
    step   {text} NOT NULL,
    a      {id} NOT NULL,
    b      {id} NOT NULL,
    day    {day} NOT NULL,
    PRIMARY KEY (step, a, b, day)
) {clustered};

-- Small installation-wide values: name, time zone, the seed of a demo, the installation's secret.
CREATE TABLE setting (
    key   {text} PRIMARY KEY,
    value {text} NOT NULL
) {strict};

-- ---------------------------------------------------------------- statements

-- seq follows commit order. body is what was received, with the server's own fields added, packed with a dictionary.
-- account_id is the actor's, empty where the actor is a group: only a single agent can be a person.
-- within_iris holds the activities that the object is part of, one a line, for the roll-up of learning.
-- Whoever acknowledges a statement writes this row, at the end of the table, and no index but that of the id:
-- what else statements are found by is in statement_pending and statement_term.
CREATE TABLE statement (
-- only sqlite
    seq          {bigint} PRIMARY KEY,
    id           {id} NOT NULL UNIQUE,
-- only postgres
    id           {id} PRIMARY KEY,
    seq          {bigint} NOT NULL,
-- both
    stored_at    {instant} NOT NULL,
    happened_at  {instant} NOT NULL,
    account_id   {id},
    verb         {text} NOT NULL,
    activity     {text},
    within_iris  {text},
    registration {id},
    refers_to    {id},
    voids        {bool} NOT NULL,
    voided       {bool} NOT NULL,
    completion   {bool},
    success      {bool},
    score        {double},
    duration_ms  {bigint},
    key_id       {id},
    body         {bytes} NOT NULL
) {strict};
-- only postgres
CREATE INDEX statement_seq ON statement (seq);
-- both

-- The last seq and the last moment given to a statement. Its one row is held by whoever adds statements until they commit,
-- so that no reader sees a later seq before an earlier one.
CREATE TABLE statement_counter (
    one       {bigint} PRIMARY KEY,
    seq       {bigint} NOT NULL,
    stored_at {instant} NOT NULL
) {strict};

-- What statements are found by, as it was written with them: their terms, waiting to be taken into statement_term in larger
-- strides. Readers look here as well. at is the first seq of a group of statements that were stored together.
CREATE TABLE statement_pending (
    at       {bigint} PRIMARY KEY,
    postings {bytes} NOT NULL
) {strict};

-- Which statements have a term, a hash of what can be asked for: chunks of rising seqs, each under its first;
-- under 0 stands the last, which still grows. Derived; can be made again from the statements.
CREATE TABLE statement_term (
    term  {bigint} NOT NULL,
    first {bigint} NOT NULL,
    seqs  {bytes} NOT NULL,
    PRIMARY KEY (term, first)
) {clustered};

-- What values are packed with: zstd dictionaries, learnt from as many statements as learnt_from says. They never change.
CREATE TABLE dictionary (
    number      {bigint} PRIMARY KEY,
    learnt_at   {instant} NOT NULL,
    learnt_from {bigint} NOT NULL,
    bytes       {bytes} NOT NULL
) {strict};

-- Every statement that another is about, by one reference or by several in a row: filters follow them.
CREATE TABLE statement_ref (
    seq          {bigint} NOT NULL,
    statement_id {id} NOT NULL,
    target_id    {id} NOT NULL,
    PRIMARY KEY (seq, statement_id, target_id)
) {clustered};
CREATE INDEX statement_ref_target ON statement_ref (target_id);

CREATE TABLE statement_attachment (
    statement_id {id} NOT NULL,
    sha2         {text} NOT NULL,
    content_type {text} NOT NULL,
    body         {bytes} NOT NULL,
    PRIMARY KEY (statement_id, sha2)
) {strict};

-- What is known of each activity, as JSON, from every definition seen.
CREATE TABLE activity (
    iri        {text} PRIMARY KEY,
    name       {text},
    definition {text} NOT NULL,
    changed_at {instant} NOT NULL
) {strict};

-- State, agent profile and activity profile documents. owner says which of the three; keys are empty where not used.
CREATE TABLE document (
    owner        {text} NOT NULL,
    activity     {text} NOT NULL,
    agent        {text} NOT NULL,
    registration {text} NOT NULL,
    name         {text} NOT NULL,
    content_type {text} NOT NULL,
    etag         {text} NOT NULL,
    updated_at   {instant} NOT NULL,
    body         {bytes} NOT NULL,
    PRIMARY KEY (owner, activity, agent, registration, name)
) {strict};

-- ---------------------------------------------------------------- learning

-- What one person did with one activity on one day, in the time zone of their unit. Derived; can be rebuilt.
CREATE TABLE learning_day (
    person_id   {id} NOT NULL,
    day         {day} NOT NULL,
    activity    {text} NOT NULL,
    minutes     {double} NOT NULL,
    statements  {bigint} NOT NULL,
    completions {bigint} NOT NULL,
    passes      {bigint} NOT NULL,
    best_score  {double},
    PRIMARY KEY (person_id, day, activity)
) {clustered};
CREATE INDEX learning_day_activity ON learning_day (activity, day);

-- ---------------------------------------------------------------- interventions

CREATE TABLE intervention (
    id          {id} PRIMARY KEY,
    code        {text} NOT NULL UNIQUE,
    name        {text} NOT NULL,
    kind        {text} NOT NULL,
    owner_id    {id} REFERENCES person (id),
    org_unit_id {id} REFERENCES org_unit (id),
    minutes     {double} NOT NULL,
    minutes_per {text} NOT NULL,
    money       {double} NOT NULL,
    hour_value  {double},
    behaviour   {text} NOT NULL,
    cause_box   {text} NOT NULL,
    description {text} NOT NULL,
    activity    {text},
    state       {text} NOT NULL,
    created_at  {instant} NOT NULL
) {strict};

-- Which metrics a support should move, and in which lane of its chain page they stand.
CREATE TABLE intervention_metric (
    intervention_id {id} NOT NULL REFERENCES intervention (id),
    metric_id       {id} NOT NULL REFERENCES metric (id),
    lane            {text} NOT NULL,
    position        {bigint} NOT NULL,
    PRIMARY KEY (intervention_id, metric_id)
) {clustered};

-- Which units start when. drawn is true where the order came from a recorded draw.
CREATE TABLE rollout (
    intervention_id {id} NOT NULL REFERENCES intervention (id),
    unit_id         {id} NOT NULL REFERENCES org_unit (id),
    start_day       {day} NOT NULL,
    wave            {bigint} NOT NULL,
    drawn           {bool} NOT NULL,
    PRIMARY KEY (intervention_id, unit_id)
) {clustered};

-- Spans that a study leaves out, with the reason in words (a strike, a closure, a broken feed).
CREATE TABLE rollout_note (
    intervention_id {id} NOT NULL REFERENCES intervention (id),
    unit_id         {id} NOT NULL REFERENCES org_unit (id),
    from_day        {day} NOT NULL,
    until_day       {day} NOT NULL,
    reason          {text} NOT NULL,
    leave_out       {bool} NOT NULL,
    PRIMARY KEY (intervention_id, unit_id, from_day)
) {strict};

-- A support given to single persons (a webinar, a coaching session), and those picked alike who were not given it.
CREATE TABLE intervention_use (
    person_id       {id} NOT NULL REFERENCES person (id),
    intervention_id {id} NOT NULL REFERENCES intervention (id),
    day             {day} NOT NULL,
    given           {bool} NOT NULL,
    picked_by       {text} NOT NULL,
    PRIMARY KEY (person_id, intervention_id, day)
) {clustered};
CREATE INDEX intervention_use_intervention ON intervention_use (intervention_id, day);

-- ---------------------------------------------------------------- studies

-- hypothesis and plan are JSON. From locked_on they no longer change.
CREATE TABLE study (
    id              {id} PRIMARY KEY,
    code            {text} NOT NULL UNIQUE,
    intervention_id {id} NOT NULL REFERENCES intervention (id),
    metric_id       {id} NOT NULL REFERENCES metric (id),
    design          {text} NOT NULL,
    hypothesis      {text} NOT NULL,
    plan            {text} NOT NULL,
    locked_on       {day},
    reading_day     {day},
    created_at      {instant} NOT NULL,
    created_by      {text} NOT NULL
) {strict};
CREATE INDEX study_intervention ON study (intervention_id);

-- Changes after the lock, for everybody to see. changes is JSON.
CREATE TABLE study_amendment (
    study_id {id} NOT NULL REFERENCES study (id),
    number   {bigint} NOT NULL,
    at       {instant} NOT NULL,
    by_id    {id} NOT NULL REFERENCES person (id),
    changes  {text} NOT NULL,
    why      {text} NOT NULL,
    PRIMARY KEY (study_id, number)
) {strict};

-- Draws of who starts when: seed (16 hexadecimal digits) and request (JSON) give the same draw again. Applied draws became the rollout.
CREATE TABLE rollout_draw (
    study_id   {id} NOT NULL REFERENCES study (id),
    number     {bigint} NOT NULL,
    seed       {text} NOT NULL,
    request    {text} NOT NULL,
    at         {instant} NOT NULL,
    by_id      {id} NOT NULL REFERENCES person (id),
    applied_at {instant},
    PRIMARY KEY (study_id, number)
) {strict};

-- The frozen data of one reading and the answer it gave.
CREATE TABLE study_answer (
    study_id   {id} NOT NULL REFERENCES study (id),
    number     {bigint} NOT NULL,
    at         {instant} NOT NULL,
    up_to      {day} NOT NULL,
    input_hash {text} NOT NULL,
    input      {bytes} NOT NULL,
    method     {text} NOT NULL,
    version    {text} NOT NULL,
    answer     {text} NOT NULL,
    grade      {text} NOT NULL,
    verdict    {text} NOT NULL,
    PRIMARY KEY (study_id, number)
) {strict};

CREATE TABLE decision (
    id         {id} PRIMARY KEY,
    study_id   {id} NOT NULL REFERENCES study (id),
    choice     {text} NOT NULL,
    why        {text} NOT NULL,
    by_id      {id} NOT NULL REFERENCES person (id),
    at         {instant} NOT NULL,
    input_hash {text} NOT NULL
) {strict};

-- ---------------------------------------------------------------- coaching

CREATE TABLE coaching_session (
    person_id        {id} NOT NULL REFERENCES person (id),
    id               {id} NOT NULL,
    leader_id        {id} NOT NULL REFERENCES person (id),
    alert_id         {id},
    metric_id        {id} NOT NULL REFERENCES metric (id),
    state            {text} NOT NULL,
    agenda           {text} NOT NULL,
    found            {text} NOT NULL,
    agreed           {text} NOT NULL,
    opened_at        {instant} NOT NULL,
    opened_on        {day} NOT NULL,
    person_signed_at {instant},
    leader_signed_at {instant},
    closed_at        {instant},
    result           {text},
    version          {bigint} NOT NULL,
    PRIMARY KEY (person_id, id)
) {strict};
CREATE UNIQUE INDEX coaching_session_id ON coaching_session (id);
CREATE INDEX coaching_session_leader ON coaching_session (leader_id, state);

-- A second leader in one talk: asked for by one of the two, let in once the other agreed.
CREATE TABLE coaching_guest (
    session_id {id} NOT NULL,
    person_id  {id} NOT NULL REFERENCES person (id),
    invited_by {id} NOT NULL REFERENCES person (id),
    invited_at {instant} NOT NULL,
    agreed_at  {instant},
    ended_at   {instant},
    PRIMARY KEY (session_id, person_id)
) {strict};
CREATE INDEX coaching_guest_person ON coaching_guest (person_id);

CREATE TABLE coaching_action (
    session_id {id} NOT NULL,
    id         {id} NOT NULL,
    text       {text} NOT NULL,
    owner_id   {id} NOT NULL REFERENCES person (id),
    by_day     {day},
    check_day  {day} NOT NULL,
    state      {text} NOT NULL,
    result     {text},
    closed_at  {instant},
    PRIMARY KEY (session_id, id)
) {strict};

-- A thread hangs on an alert or a session.
CREATE TABLE message (
    thread_id {id} NOT NULL,
    id        {id} NOT NULL,
    author_id {id} NOT NULL REFERENCES person (id),
    at        {instant} NOT NULL,
    text      {text} NOT NULL,
    PRIMARY KEY (thread_id, id)
) {strict};

-- The key of somebody's private notes, sealed by a phrase and by a recovery code that are stored nowhere.
CREATE TABLE notes_lock (
    person_id   {id} PRIMARY KEY REFERENCES person (id),
    salt        {bytes} NOT NULL,
    by_phrase   {bytes} NOT NULL,
    by_recovery {bytes} NOT NULL,
    made_at     {instant} NOT NULL
) {strict};

-- One's own note on a talk, sealed by one's own key.
CREATE TABLE private_note (
    author_id  {id} NOT NULL REFERENCES person (id),
    session_id {id} NOT NULL,
    sealed     {bytes} NOT NULL,
    at         {instant} NOT NULL,
    PRIMARY KEY (author_id, session_id)
) {strict};

CREATE TABLE proposal (
    person_id       {id} NOT NULL REFERENCES person (id),
    id              {id} NOT NULL,
    intervention_id {id} NOT NULL REFERENCES intervention (id),
    session_id      {id},
    alert_id        {id},
    proposed_by     {id} NOT NULL REFERENCES person (id),
    at              {instant} NOT NULL,
    state           {text} NOT NULL,
    reason          {text} NOT NULL,
    answered_at     {instant},
    PRIMARY KEY (person_id, id)
) {strict};

-- ---------------------------------------------------------------- imports

-- Places and reporting lines are changed by two: a file waits here until another administrator applies it.
CREATE TABLE import_request (
    id       {id} PRIMARY KEY,
    kind     {text} NOT NULL,
    name     {text} NOT NULL,
    body     {bytes} NOT NULL,
    asked_by {id} NOT NULL REFERENCES person (id),
    asked_at {instant} NOT NULL
) {strict};

-- ---------------------------------------------------------------- cases

-- What is searched and listed has its column; the rest of a case file is one document.
CREATE TABLE improvement_case (
    id        {id} PRIMARY KEY,
    code      {text} NOT NULL UNIQUE,
    title     {text} NOT NULL,
    metric_id {id} REFERENCES metric (id),
    opened_on {day} NOT NULL,
    closed_on {day},
    file      {text} NOT NULL
) {strict};
