//! How long many things took, in the figures people compare.

use std::time::Duration;

use serde::Serialize;

/// Percentiles of a set of times, in milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) n: usize,
    pub(crate) mean_ms: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

impl Latency {
    /// The nearest-rank percentiles; `None` of nothing.
    pub(crate) fn of(mut times: Vec<Duration>) -> Option<Self> {
        if times.is_empty() {
            return None;
        }
        times.sort();
        let n = times.len();
        let at = |share: f64| milliseconds(times[((share * n as f64).ceil() as usize).clamp(1, n) - 1]);
        let mean = times.iter().sum::<Duration>().as_secs_f64() * 1000.0 / n as f64;
        Some(Self {
            n,
            mean_ms: round(mean),
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: at(1.0),
        })
    }
}

/// Milliseconds to the microsecond.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    round(time.as_secs_f64() * 1000.0)
}

/// Three digits after the point: more would be noise.
pub(crate) fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank() {
        let latency = Latency::of((1..=100).map(Duration::from_millis).collect()).unwrap();
        assert_eq!(
            (latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.max_ms),
            (50.0, 95.0, 99.0, 100.0)
        );
        assert!(Latency::of(Vec::new()).is_none());
    }
}
