//! What is counted in both organisations, and the levels agreed for it.

use domain::time::Cadence;

use crate::build::Build;
use crate::northwind::Northwind;
use crate::world::*;

pub(crate) const CONTACTS: MetricIx = MetricIx(0);
pub(crate) const CALLS: MetricIx = MetricIx(1);
pub(crate) const MEETINGS: MetricIx = MetricIx(2);
pub(crate) const ACCOUNTS: MetricIx = MetricIx(3);
pub(crate) const REVENUE_PER_HOUR: MetricIx = MetricIx(4);
pub(crate) const ASSETS: MetricIx = MetricIx(5);
/// The metrics of one account manager: the first six.
pub(crate) const WORK: usize = 6;
pub(crate) const BRANCH_REVENUE: MetricIx = MetricIx(6);
pub(crate) const COMPLAINTS: MetricIx = MetricIx(7);
pub(crate) const LESSON_DONE: MetricIx = MetricIx(8);
pub(crate) const LESSON_TRIED: MetricIx = MetricIx(9);
pub(crate) const CALL_LIST_USED: MetricIx = MetricIx(10);
pub(crate) const DAYS_ON_HAND: MetricIx = MetricIx(11);
pub(crate) const LINE_STOPS: MetricIx = MetricIx(12);
pub(crate) const FORECAST: MetricIx = MetricIx(13);
pub(crate) const FREIGHT_ON_TIME: MetricIx = MetricIx(14);
pub(crate) const PREMIUM_FREIGHT: MetricIx = MetricIx(15);
pub(crate) const INVENTORY: MetricIx = MetricIx(16);
pub(crate) const CHECKLIST_USED: MetricIx = MetricIx(17);
pub(crate) const SALES_MEETING_HELD: MetricIx = MetricIx(18);
pub(crate) const FREIGHT_CLAUSES: MetricIx = MetricIx(19);
pub(crate) const DECISION_TABLE_USED: MetricIx = MetricIx(20);

/// Whose a metric is and where it comes from.
#[derive(Clone, Copy)]
pub(crate) struct Source {
    pub(crate) organisation: UnitIx,
    pub(crate) job_role: Option<JobRoleIx>,
    pub(crate) owner: PersonIx,
    pub(crate) feed: FeedIx,
}

impl Build {
    /// Defines a metric from its code, name, unit and definition; the order of calls is that of the constants above.
    pub(crate) fn metric(
        &mut self,
        expected: MetricIx,
        [code, name, unit, definition]: [&'static str; 4],
        (level, grain, aggregation): (Level, Grain, Aggregation),
        source: Source,
    ) -> &mut Metric {
        debug_assert_eq!(expected.at(), self.world.metrics.len(), "{code}");
        let Source { organisation, job_role, owner, feed } = source;
        self.world.feeds[feed.at()].metrics.push(expected);
        self.world.metrics.push(Metric {
            code,
            name,
            unit,
            definition,
            direction: Direction::Higher,
            level,
            grain,
            aggregation,
            cadence: Cadence::Week,
            decimals: 0,
            guardrail: false,
            organisation,
            job_role,
            owner,
            feed,
        });
        &mut self.world.metrics[expected.at()]
    }
}

/// Defines the metrics of Northwind Advisors.
pub(crate) fn northwind(b: &mut Build, n: &Northwind) {
    use Aggregation::{Ratio, Sum};
    use Level::{Business, Performance, Solution};
    let branch = Grain::Unit(UnitKind::Branch);
    let from = |feed| Source {
        organisation: n.organisation,
        job_role: Some(n.account_manager),
        owner: n.vp_branches,
        feed,
    };
    let work = (Performance, Grain::Person, Sum);
    b.metric(
        CONTACTS,
        [
            "client_contacts",
            "Client contacts made",
            "contacts",
            "Clients spoken with or written to one by one in the week; circulars do not count.",
        ],
        work,
        from(n.feeds.crm),
    );
    b.metric(
        CALLS,
        [
            "successful_calls",
            "Successful calls",
            "calls",
            "Calls of two minutes or more that end with an agreed next step.",
        ],
        work,
        from(n.feeds.calls),
    );
    b.metric(
        MEETINGS,
        [
            "review_meetings",
            "Review meetings held",
            "meetings",
            "Review meetings that took place and were noted.",
        ],
        work,
        from(n.feeds.crm),
    );
    b.metric(
        ACCOUNTS,
        ["new_accounts", "New accounts opened", "accounts", "Accounts opened and funded in the week."],
        work,
        from(n.feeds.crm),
    );
    b.metric(
        REVENUE_PER_HOUR,
        [
            "revenue_per_hour",
            "Revenue per hour",
            "€ per hour",
            "Revenue booked in the week divided by the hours worked in it.",
        ],
        (Performance, Grain::Person, Ratio),
        from(n.feeds.finance),
    );
    b.metric(
        ASSETS,
        ["assets_gathered", "Assets gathered", "€", "Money that clients newly entrusted in the week."],
        work,
        from(n.feeds.finance),
    );
    let of_branch = |feed| Source { job_role: None, ..from(feed) };
    b.metric(
        BRANCH_REVENUE,
        ["branch_revenue", "Branch revenue", "€", "Revenue booked by the branch in the week."],
        (Business, branch, Sum),
        of_branch(n.feeds.finance),
    );
    let complaints = b.metric(
        COMPLAINTS,
        [
            "complaints",
            "Complaints",
            "complaints",
            "Complaints that clients made about the branch in the week.",
        ],
        (Business, branch, Sum),
        of_branch(n.feeds.comments),
    );
    complaints.direction = Direction::Lower;
    complaints.guardrail = true;
    b.metric(
        LESSON_DONE,
        [
            "second_question_done",
            "“The second question” done",
            "%",
            "Account managers of the branch who have done the lesson, of all account managers there.",
        ],
        (Solution, branch, Ratio),
        Source { owner: n.author, ..from(n.feeds.lms) },
    );
    b.metric(
        LESSON_TRIED,
        [
            "second_question_tried",
            "“The second question” tried at work",
            "%",
            "Account managers of the branch who have tried it with a client, of all account managers there.",
        ],
        (Solution, branch, Ratio),
        Source { owner: n.author, ..from(n.feeds.lms) },
    );
    b.metric(
        CALL_LIST_USED,
        [
            "call_list_used",
            "Call list used",
            "%",
            "Account managers of the branch who opened the call list on three days or more, of all there that week.",
        ],
        (Solution, branch, Ratio),
        Source { owner: n.it, ..from(n.feeds.crm) },
    );
}

/// Agreed levels at Northwind Advisors: for the job role, and for branches in their first months.
pub(crate) fn northwind_targets(b: &mut Build, n: &Northwind) {
    // Metric, level of the first version, level of the second, tolerance.
    let levels = [
        (CONTACTS, 70.0, 72.0, 9.0),
        (CALLS, 36.0, 37.0, 5.0),
        (MEETINGS, 6.0, 6.0, 1.0),
        (ACCOUNTS, 4.0, 4.0, 1.0),
        (REVENUE_PER_HOUR, 190.0, 195.0, 20.0),
        (ASSETS, 340_000.0, 360_000.0, 70_000.0),
    ];
    let scope = TargetScope::JobRole(n.account_manager);
    let (first, second) = (b.weeks.monday(-13), b.weeks.monday(39));
    for (metric, old, new, tolerance) in levels {
        let target = |level, from, why| Target {
            metric,
            scope,
            level,
            tolerance,
            window_weeks: 10,
            from,
            set_by: n.vp_branches,
            why,
        };
        b.world.targets.push(target(old, first, "Yearly review with the branch leaders."));
        if new != old {
            b.world.targets.push(target(
                new,
                second,
                "Half-year review: reached by most without strain, so a little more.",
            ));
        }
    }
    // Harbour Street agreed its own level for calls.
    let shown = &n.branches[n.shown];
    for (level, week, why) in [
        (36.0, -13, "Yearly review with the team."),
        (38.0, 53, "Agreed in the team after a good summer; four either way is life."),
    ] {
        b.world.targets.push(Target {
            metric: CALLS,
            scope: TargetScope::Unit(shown.unit),
            level,
            tolerance: 4.0,
            window_weeks: 10,
            from: b.weeks.monday(week),
            set_by: shown.leader,
            why,
        });
    }
    for branch in n.branches.iter().filter(|branch| branch.opened > 26) {
        for (metric, _, level, tolerance) in levels {
            let start = if metric == REVENUE_PER_HOUR { 0.88 } else { 0.55 };
            for (share, from, why) in [
                (start, branch.opened, "New branch: the first half-year is for finding clients."),
                (1.0, branch.opened + 26, "New branch: half a year is over, the common level holds."),
            ] {
                b.world.targets.push(Target {
                    metric,
                    scope: TargetScope::Unit(branch.unit),
                    level: (level * share).round(),
                    tolerance,
                    window_weeks: 10,
                    from: b.weeks.monday(from),
                    set_by: n.vp_branches,
                    why,
                });
            }
        }
    }
    b.world.targets.push(Target {
        metric: COMPLAINTS,
        scope: TargetScope::Unit(n.organisation),
        level: 1.0,
        tolerance: 2.0,
        window_weeks: 13,
        from: first,
        set_by: n.vp_branches,
        why: "No gain in revenue is worth more complaints than this.",
    });
}
