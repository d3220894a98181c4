//! One estimate with its uncertainty, and how the interval is made.

use serde::{Deserialize, Serialize};

use crate::answer::Reason;
use crate::dist;

/// One number with its uncertainty. All fields are in the outcome's unit except
/// `statistic`, `p_value` and the counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// What is estimated.
    pub term: String,
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Estimate over standard error.
    pub statistic: f64,
    /// Two-sided p-value of "no effect".
    pub p_value: f64,
    /// Lower end of the 95 % interval.
    pub conf_low: f64,
    /// Upper end of the 95 % interval.
    pub conf_high: f64,
    /// Degrees of freedom of the t distribution; `None` for the normal.
    pub df: Option<f64>,
    /// Observations used.
    pub n: usize,
    /// Clusters used, where errors are clustered.
    pub clusters: Option<usize>,
}

/// Coverage of every interval that the crate forms.
pub const CONFIDENCE: f64 = 0.95;

impl Estimate {
    /// An estimate with a normal 95 % interval.
    ///
    /// # Errors
    /// [`Reason::ExactFit`] when the standard error is not a positive number:
    /// no interval of width zero is ever shown.
    pub fn normal(
        term: impl Into<String>,
        estimate: f64,
        std_error: f64,
        n: usize,
        clusters: Option<usize>,
    ) -> Result<Self, Reason> {
        Self::build(term.into(), estimate, std_error, None, n, clusters)
    }

    /// An estimate with a Student t 95 % interval.
    ///
    /// # Errors
    /// [`Reason::ExactFit`] as for [`Estimate::normal`];
    /// [`Reason::TooFewObservations`] without degrees of freedom.
    pub fn student(
        term: impl Into<String>,
        estimate: f64,
        std_error: f64,
        df: f64,
        n: usize,
        clusters: Option<usize>,
    ) -> Result<Self, Reason> {
        let term = term.into();
        if df.is_nan() || df <= 0.0 {
            return Err(Reason::TooFewObservations { place: term, have: n, need: n + 1 });
        }
        Self::build(term, estimate, std_error, Some(df), n, clusters)
    }

    fn build(
        term: String,
        estimate: f64,
        std_error: f64,
        df: Option<f64>,
        n: usize,
        clusters: Option<usize>,
    ) -> Result<Self, Reason> {
        if !estimate.is_finite() {
            return Err(Reason::NotFinite { place: term });
        }
        if !(std_error.is_finite() && std_error > 0.0) {
            return Err(Reason::ExactFit { place: term });
        }
        let statistic = estimate / std_error;
        let upper = 0.5 + CONFIDENCE / 2.0;
        let (p_value, factor) = match df {
            None => (dist::normal_two_sided(statistic), dist::normal_quantile(upper)),
            Some(df) => (dist::t_two_sided(statistic, df), dist::t_quantile(upper, df)),
        };
        Ok(Self {
            term,
            estimate,
            std_error,
            statistic,
            p_value,
            conf_low: estimate - factor * std_error,
            conf_high: estimate + factor * std_error,
            df,
            n,
            clusters,
        })
    }

    /// The same estimate under another name.
    pub fn named(mut self, term: impl Into<String>) -> Self {
        self.term = term.into();
        self
    }

    /// The smallest true effect that a study with this standard error would have
    /// seen with 80 % probability, in the outcome's unit (Bloom 1995).
    pub fn detectable(&self) -> f64 {
        let upper = 0.5 + CONFIDENCE / 2.0;
        let factor = match self.df {
            None => dist::normal_quantile(upper) + dist::normal_quantile(0.8),
            Some(df) => dist::t_quantile(upper, df) + dist::t_quantile(0.8, df),
        };
        factor * self.std_error
    }
}
