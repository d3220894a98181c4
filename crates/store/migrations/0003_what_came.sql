-- What came for each period is counted from the index alone.
DROP INDEX metric_period_metric;
CREATE INDEX metric_period_came ON metric_period (metric_id, period, revision, late);
