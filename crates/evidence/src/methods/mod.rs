//! Every method by one word: a table and options in, one report out.
//!
//! The command line and the pages run the same function, so that they cannot differ.
//! To add a method: an entry in [`METHODS`], an arm in [`run`], and a function in one
//! of the two files beside this one.

mod comparisons;
mod others;
mod report;
mod table;

pub use report::{Refusal, Report, ReportRow, Weight};
pub use table::{Column, Table};

use crate::answer::Reason;
use crate::did::staggered::Control;
use crate::permute::Draws;
use crate::regress::Errors;

/// What to run a method on and how. Columns are named; what a method does not use it
/// ignores.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The outcome.
    pub outcome: Option<String>,
    /// Who or what is observed repeatedly.
    pub unit: Option<String>,
    /// The period.
    pub time: Option<String>,
    /// First treated period of the unit; empty or 0 for never.
    pub cohort: Option<String>,
    /// 0/1: treated in this row. Several for `twfe` and `ols`.
    pub treated: Vec<String>,
    /// What shares shocks; the unit when not given.
    pub cluster: Option<String>,
    /// Further columns; their meaning depends on the method.
    pub covariates: Vec<String>,
    /// Weights.
    pub weights: Option<String>,
    /// With whom waves are compared.
    pub control_group: Option<Control>,
    /// Seed of random draws; 1 when not given.
    pub seed: Option<u64>,
    /// Number of random draws.
    pub draws: Option<usize>,
    /// Which uncertainty, for regressions.
    pub errors: Option<Errors>,
    /// First treated period, for single series.
    pub start: Option<i64>,
    /// Periods in a season, for single series.
    pub season: Option<usize>,
    /// Periods in the baseline, for charts.
    pub baseline: Option<usize>,
    /// Periods before the start in which people may already react.
    pub anticipation: u32,
    /// Numbers for `power`.
    pub plan: Plan,
}

/// Numbers for the method `power`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plan {
    /// Standardised effect; left out to ask for the smallest one that could be seen.
    pub effect: Option<f64>,
    /// People on each side.
    pub people: Option<f64>,
    /// Groups in all, for cluster designs.
    pub clusters: Option<usize>,
    /// People in each group.
    pub size: Option<usize>,
    /// Share of the variance between groups.
    pub icc: Option<f64>,
    /// Share of groups treated; half when not given.
    pub share: Option<f64>,
    /// Wanted power; 0.8 when not given.
    pub power: Option<f64>,
    /// Significance; 0.05 when not given.
    pub alpha: Option<f64>,
}

impl Options {
    pub(crate) fn draws_or(&self, number: usize) -> Draws {
        Draws { number: self.draws.unwrap_or(number), seed: self.seed.unwrap_or(1) }
    }
}

/// A method as it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// The word.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// When to use it, what it assumes, which options it reads.
    pub help: &'static str,
    /// The options of a call, as one would type them.
    pub example: &'static str,
}

/// All methods, in the order in which they are offered.
pub const METHODS: [Method; 24] = [
    Method {
        name: "callaway-santanna",
        summary: "Rollout in waves, compared with units that have not started",
        help: "Use it for any rollout in waves. Each wave's change since just before its start, less the change of units that never start (or, with --control-group notyet, have not started yet). Assumes that both would have changed alike. Effects may differ between waves and grow.\nReads --outcome --unit --time and --cohort (or --treated); --cluster, --covariates (as known before the start), --weights, --control-group, --anticipation.",
        example: "--data rollout.csv --outcome sales --unit person --time week --cohort first_week --cluster branch",
    },
    Method {
        name: "did",
        summary: "One start, two groups: change less change",
        help: "Use it when everybody treated starts at the same time. With --unit: unit and period effects. Without: two groups in two periods, rows need not be the same people.\nReads --outcome --time --treated (or --cohort); --unit, --cluster, --covariates, --errors.",
        example: "--data pilot.csv --outcome sales --unit person --time week --treated started --cluster branch",
    },
    Method {
        name: "twfe",
        summary: "Two-way fixed effects regression",
        help: "Use it to repeat a number that somebody else computed, or where one start and a steady effect are sure. The familiar regression with unit and period effects, any number of treatment columns. With waves and effects that grow it compares with already-treated units and can have the wrong sign: run bacon beside it, and prefer callaway-santanna.\nReads --outcome --unit --time --treated a[,b] (or --cohort); --cluster (the unit when not given), --covariates, --weights, --errors.",
        example: "--data jtrain.csv --outcome lscrap --unit fcode --time year --treated grant,grant_1",
    },
    Method {
        name: "event-study",
        summary: "Effects by periods since the start",
        help: "Use it to see how an effect grows, and whether both sides moved alike before. Two-way fixed effects with one effect for each period before and after the start, against the period before it. Flat before the start is what you hope to see.\nReads --outcome --unit --time --cohort (or --treated); --cluster, --weights.",
        example: "--data rollout.csv --outcome sales --unit person --time week --cohort first_week --cluster branch",
    },
    Method {
        name: "sun-abraham",
        summary: "Event study that keeps waves apart",
        help: "Use it as a second opinion on callaway-santanna, from one regression; shares of waves are taken as given. Needs units that never start.\nReads --outcome --unit --time --cohort (or --treated); --cluster, --covariates, --weights.",
        example: "--data rollout.csv --outcome sales --unit person --time week --cohort first_week --cluster branch",
    },
    Method {
        name: "imputation",
        summary: "Effects against what untreated observations predict",
        help: "Use it as a second opinion on callaway-santanna, more precise when trends are parallel in all periods.\nReads --outcome --unit --time --cohort (or --treated); --cluster, --weights.",
        example: "--data rollout.csv --outcome sales --unit person --time week --cohort first_week --cluster branch",
    },
    Method {
        name: "bacon",
        summary: "What two-way fixed effects are made of",
        help: "Use it before you believe a twfe number from a rollout in waves. Takes it apart into two-by-two comparisons. Weight on later-vs-earlier is weight on already-treated units: the more, the less to trust. Needs a complete panel.\nReads --outcome --unit --time --cohort (or --treated).",
        example: "--data rollout.csv --outcome sales --unit person --time week --cohort first_week",
    },
    Method {
        name: "synthetic-did",
        summary: "Few treated units, against a weighted mixture",
        help: "Use it for one or few treated units and many others over many periods. Weights on units and periods; the error comes from placebo groups (random; --seed fixes it, --draws says how many).\nReads --outcome --unit --time --cohort (or --treated); --seed, --draws.",
        example: "--data california_prop99.csv --outcome PacksPerCapita --unit State --time Year --treated treated",
    },
    Method {
        name: "synthetic-control",
        summary: "Few treated units, against a mixture with the same level",
        help: "Use it like synthetic-did where somebody asks for the older method: weights on units only; levels must match as well as movements.\nReads --outcome --unit --time --cohort (or --treated); --seed, --draws.",
        example: "--data california_prop99.csv --outcome PacksPerCapita --unit State --time Year --treated treated",
    },
    Method {
        name: "honest-did",
        summary: "How wrong parallel trends may be before the result falls",
        help: "Use it when somebody doubts that both sides would have moved alike. Widens the effect's interval for trends that differ after the start by up to M times as much as they differed before, and gives the largest M at which the interval still leaves out zero.\nReads --outcome --unit --time --cohort (or --treated); --cluster, --control-group.",
        example: "--data rollout.csv --outcome sales --unit person --time week --cohort first_week --cluster branch",
    },
    Method {
        name: "ols",
        summary: "Least squares",
        help: "Use it for a drawn treatment, or to see what goes together. Any linear regression: says what goes together, given the other columns; cause only if treatment was drawn at random.\nReads --outcome --treated a[,b] --covariates; --cluster, --weights, --errors.",
        example: "--data nsw_mixtape.csv --outcome re78 --treated treat",
    },
    Method {
        name: "cuped",
        summary: "Randomised pilot, sharpened by an earlier value",
        help: "Use it when treatment was drawn at random and the same people were measured before. Takes out what the earlier value explains and says how much that saved.\nReads --outcome --treated --covariates earlier.",
        example: "--data nsw_mixtape.csv --outcome re78 --treated treat --covariates re75",
    },
    Method {
        name: "aipw",
        summary: "Volunteers, adjusted twice",
        help: "Use it when people chose for themselves and no draw can be had. Effect on the treated: outcome model and probability model, right if either is. Assumes that the covariates hold all that mattered, so never above grade C. Says how many comparison people really count.\nReads --outcome --treated --covariates.",
        example: "--data volunteers.csv --outcome sales --treated came --covariates age,sales_before",
    },
    Method {
        name: "ipw",
        summary: "Volunteers, weighted",
        help: "Use it to check aipw: the same with the probability model alone.\nReads --outcome --treated --covariates.",
        example: "--data volunteers.csv --outcome sales --treated came --covariates age,sales_before",
    },
    Method {
        name: "interrupted-series",
        summary: "One series with a start and no comparison",
        help: "Use it when there is one site and nothing to compare with: the weakest design (grade D). Fits trend before, jump and change of trend after. Reports the widest of three errors.\nReads --outcome --time --start (or --treated); --season, --covariates.",
        example: "--data plant.csv --outcome stops --time month --start 170 --season 12",
    },
    Method {
        name: "structural-series",
        summary: "One series against its own forecast",
        help: "Use it for one series when others moved with it before: wandering level, seasons and other series as controls, fitted before the start; what happened beyond the forecast. Grade D.\nReads --outcome --time --start (or --treated); --season, --covariates.",
        example: "--data plant.csv --outcome stops --time month --start 170 --covariates other_plant",
    },
    Method {
        name: "rmcorr",
        summary: "Do two things move together: within people, and between them",
        help: "Use it before anybody says that who learns more sells more. Within people, between people, between groups, and everything thrown together: four answers that may differ in sign. None of them is yet a cause.\nReads --outcome --covariates x --unit; --cluster as the group.",
        example: "--data weeks.csv --outcome sales --covariates minutes --unit person --cluster branch",
    },
    Method {
        name: "mixed",
        summary: "Mixed model: each unit its own line",
        help: "Use it for uneven histories, where some units have few values. Random intercept and slope for each unit, by restricted maximum likelihood.\nReads --outcome --unit and --time (or --covariates x) as the slope.",
        example: "--data sleep.csv --outcome reaction --unit subject --time days",
    },
    Method {
        name: "permutation",
        summary: "How often would chance alone look like this",
        help: "Use it when there are few units, or to convince somebody who trusts no formula. With --unit --time and --cohort: start dates are dealt out anew among clusters. With --treated: group labels are. With neither: signs of --outcome, read as differences of pairs, are flipped. Exact where possible.\nReads --outcome; --treated, --unit --time --cohort, --cluster, --seed, --draws.",
        example: "--data pairs.csv --outcome difference",
    },
    Method {
        name: "wild-bootstrap",
        summary: "Regression with few clusters",
        help: "Use it when a regression has few clusters. Honest p-value and interval for one column with 5 to 30 clusters. Goes through all sign patterns up to 14 clusters.\nReads --outcome --treated --cluster; --unit and --time as fixed effects, --covariates, --seed, --draws.",
        example: "--data plants.csv --outcome days --treated started --cluster plant --unit line --time week",
    },
    Method {
        name: "power",
        summary: "What a study could see, before the start",
        help: "Use it before a study starts, so that nobody waits for an answer that cannot come. Needs no data. With --people: smallest standardised effect that two groups of that size would see, or with --effect the people needed. With --clusters --size --icc: the same when whole groups are drawn.\nReads --effect --people --clusters --size --icc --share --power --alpha.",
        example: "--clusters 40 --size 20 --icc 0.05",
    },
    Method {
        name: "xmr",
        summary: "Process-behaviour chart: limits and signals",
        help: "Use it to tell routine noise from a signal. Natural process limits from a baseline, and each later value that is beyond them or the eighth in a row on one side. Limits are widened for autocorrelation.\nReads --outcome; --time, --unit (one chart each), --baseline.",
        example: "--data calls.csv --outcome calls --time week --unit person --baseline 26",
    },
    Method {
        name: "cusum",
        summary: "Cumulative sums: small lasting shifts",
        help: "Use it when small shifts matter. Sees a lasting shift of one to two sigma sooner than xmr and names when it began (k 0.75, h 3).\nReads --outcome; --time, --unit, --baseline.",
        example: "--data calls.csv --outcome calls --time week --unit person --baseline 26",
    },
    Method {
        name: "benjamini-hochberg",
        summary: "Many p-values shown together",
        help: "Use it whenever several results are shown together. Adjusts a column of p-values so that, of all that are called, at most one in twenty is expected to be false.\nReads --outcome.",
        example: "--data results.csv --outcome p",
    },
];

/// Runs a method.
///
/// # Errors
/// A request that does not fit the table: an unknown method, a missing option, a column
/// that is not there or holds something else. What the data cannot answer is not an
/// error: the report then carries `cannot_say`.
pub fn run(method: &str, table: &Table, options: &Options) -> Result<Report, Reason> {
    let Some(known) = METHODS.iter().find(|m| m.name == method) else {
        let names: Vec<&str> = METHODS.iter().map(|m| m.name).collect();
        return Err(Reason::bad(
            format!("Method {method}"),
            "there is no such method",
            format!("Use one of: {}.", names.join(", ")),
        ));
    };
    let mut report = Report::new(known.name);
    let result = match known.name {
        "callaway-santanna" => comparisons::callaway_santanna(&mut report, table, options),
        "did" => comparisons::did(&mut report, table, options),
        "twfe" => comparisons::two_way(&mut report, table, options),
        "event-study" => comparisons::event_study(&mut report, table, options),
        "sun-abraham" => comparisons::sun_abraham(&mut report, table, options),
        "imputation" => comparisons::imputation(&mut report, table, options),
        "bacon" => comparisons::bacon(&mut report, table, options),
        "synthetic-did" | "synthetic-control" => comparisons::synthetic(&mut report, table, options),
        "honest-did" => comparisons::honest(&mut report, table, options),
        "ols" => others::ols(&mut report, table, options),
        "cuped" => others::cuped(&mut report, table, options),
        "aipw" | "ipw" => others::volunteers(&mut report, table, options),
        "interrupted-series" => others::interrupted(&mut report, table, options),
        "structural-series" => others::structural(&mut report, table, options),
        "rmcorr" => others::rmcorr(&mut report, table, options),
        "mixed" => others::mixed(&mut report, table, options),
        "permutation" => others::permutation(&mut report, table, options),
        "wild-bootstrap" => others::wild(&mut report, table, options),
        "power" => others::power(&mut report, options),
        "xmr" | "cusum" => others::chart(&mut report, table, options),
        _ => others::benjamini_hochberg(&mut report, table, options),
    };
    match result {
        Ok(()) => {
            report.only_numbers();
            Ok(report)
        }
        Err(Stop::Request(reason)) => Err(reason),
        Err(Stop::Refusal(reason)) => {
            report.refuse(&reason);
            Ok(report)
        }
    }
}

/// Why a method stopped: the request does not fit, or the data cannot answer.
pub(crate) enum Stop {
    /// The request does not fit the table.
    Request(Reason),
    /// The data cannot answer.
    Refusal(Reason),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Stop::Refusal(reason)
    }
}
