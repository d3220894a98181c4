//! What was done to improve performance: supports with their rollout and uses, and the studies that read what it changed.

use app::interventions::{Definition, NoteRow, StartRow, UseRow};
use app::studies;
use demo::{Assignment, CauseBox as Box6, Design as Plan2, InterventionIx, InterventionKind, Reach};
use domain::ids::InterventionId;
use domain::interventions::{CauseBox, Intervention, Kind, MinutesPer, State};
use domain::metrics::Level;
use domain::studies::{Design, Hypothesis, Plan, Scale};
use store::db::Tx;
use uuid::Uuid;

use super::{Hand, Known};

/// Who brought it in.
const BY: &str = "demo";

/// Puts in supports, their rollouts, notes and uses, and the studies.
pub(super) fn load(tx: &mut Tx, hand: &Hand, known: &mut Known) -> app::Result<()> {
    let world = &hand.world;
    let definitions: Vec<Definition> = world.interventions.iter().map(|i| definition(hand, i)).collect();
    app::interventions::define_in(tx, &hand.ids, hand.now, BY, &definitions)?;
    for support in &world.interventions {
        let found = store::interventions::intervention_by_code(tx, support.code)?;
        known.supports.extend(found.map(|s| s.id));
    }
    for (ix, support) in world.interventions.iter().enumerate() {
        let ix = InterventionIx::of(ix);
        let starts = starts(hand, ix, support.assignment);
        if !starts.is_empty() {
            app::interventions::set_rollout_in(tx, &hand.ids, hand.now, BY, support.code, &starts)?;
        }
        let notes = notes(hand, ix);
        if !notes.is_empty() {
            app::interventions::note_in(tx, &hand.ids, hand.now, BY, support.code, &notes)?;
        }
        let uses = uses(hand, ix);
        if !uses.is_empty() {
            app::interventions::record_use_in(tx, &hand.ids, hand.now, BY, support.code, &uses)?;
        }
    }
    let plans: Vec<studies::Definition> = world.studies.iter().map(|s| study(hand, s)).collect();
    studies::define_in(tx, &hand.ids, hand.now, BY, &plans)?;
    Ok(())
}

fn definition(hand: &Hand, i: &demo::Intervention) -> Definition {
    let world = &hand.world;
    let (minutes, minutes_per) = if i.minutes_weekly > 0.0 {
        (i.minutes_weekly, MinutesPer::PersonWeek)
    } else {
        (i.minutes_once, MinutesPer::Person)
    };
    let lanes = [
        (Level::Business, &i.business),
        (Level::Performance, &i.performance),
        (Level::Solution, &i.solution),
    ];
    let code = |metric: &demo::MetricIx| world.metrics[metric.at()].code.to_owned();
    Definition {
        place: i.code.to_owned(),
        intervention: Intervention {
            // Filled in where it is defined.
            id: InterventionId::new(Uuid::nil()),
            owner: None,
            org_unit: None,
            code: i.code.to_owned(),
            name: i.name.to_owned(),
            kind: kind(i.kind),
            minutes,
            minutes_per,
            money: i.money,
            hour_value: Some(i.hour_value),
            behaviour: i.behaviour.to_owned(),
            cause_box: cause_box(i.cause_box),
            description: i.description.to_owned(),
            activity: i.activities.first().map(|a| world.activities[a.at()].iri.to_owned()),
            state: State::Active,
        },
        owner: Some(world.people[i.owner.at()].code.clone()),
        unit: Some(world.units[i.organisation.at()].code.clone()),
        lanes: lanes.iter().flat_map(|(lane, all)| all.iter().map(|m| (*lane, code(m)))).collect(),
    }
}

pub(super) const fn kind(kind: InterventionKind) -> Kind {
    match kind {
        InterventionKind::Lesson => Kind::Lesson,
        InterventionKind::Course => Kind::Course,
        InterventionKind::Coaching => Kind::Coaching,
        InterventionKind::Webinar => Kind::Event,
        InterventionKind::Tool => Kind::Tool,
        InterventionKind::JobAid => Kind::JobAid,
        InterventionKind::Process => Kind::Process,
        InterventionKind::Incentive => Kind::Incentive,
        InterventionKind::Feedback => Kind::Feedback,
    }
}

pub(super) const fn cause_box(found: Box6) -> CauseBox {
    match found {
        Box6::Information => CauseBox::Information,
        Box6::Resources => CauseBox::Resources,
        Box6::Incentives => CauseBox::Incentives,
        Box6::Knowledge => CauseBox::Knowledge,
        Box6::Capacity => CauseBox::Capacity,
        Box6::Motives => CauseBox::Motives,
    }
}

fn starts(hand: &Hand, ix: InterventionIx, assignment: Assignment) -> Vec<StartRow> {
    let world = &hand.world;
    let rollouts = world.rollouts.iter().filter(|r| r.intervention == ix);
    rollouts
        .filter_map(|r| match r.reach {
            Reach::Unit(unit) => Some(StartRow {
                place: world.units[unit.at()].code.clone(),
                unit: world.units[unit.at()].code.clone(),
                day: r.from,
                wave: i64::from(r.wave),
                drawn: assignment == Assignment::Lot,
            }),
            Reach::Person(_) => None,
        })
        .collect()
}

/// What else happened where a study looks: it stays in the comparison, and the grade says so.
fn notes(hand: &Hand, ix: InterventionIx) -> Vec<NoteRow> {
    let world = &hand.world;
    let studies = world.studies.iter().filter(|s| s.intervention == ix);
    studies
        .flat_map(|s| &s.events)
        .map(|e| NoteRow {
            place: world.units[e.unit.at()].code.clone(),
            unit: world.units[e.unit.at()].code.clone(),
            from: e.from,
            until: e.until,
            reason: e.what.to_owned(),
            leave_out: false,
        })
        .collect()
}

/// Who was given it, and who was picked alike and was not.
fn uses(hand: &Hand, ix: InterventionIx) -> Vec<UseRow> {
    let world = &hand.world;
    let picks = world.picks.iter().filter(|p| p.intervention == ix).map(|p| UseRow {
        place: world.people[p.person.at()].code.clone(),
        person: world.people[p.person.at()].code.clone(),
        // Whoever was not given it is compared from the same week on.
        day: p.started.unwrap_or(p.flagged.plus(7)),
        given: p.started.is_some(),
        picked_by: format!("low in {} in the week of {}", world.metrics[p.metric.at()].code, p.flagged),
    });
    let mut all: Vec<UseRow> = picks.collect();
    let rollouts = world.rollouts.iter().filter(|r| r.intervention == ix && r.from <= world.today);
    for r in rollouts {
        let Reach::Person(person) = r.reach else { continue };
        let person = &world.people[person.at()].code;
        if !all.iter().any(|u| u.given && u.day == r.from && u.person == *person) {
            all.push(UseRow {
                place: person.clone(),
                person: person.clone(),
                day: r.from,
                given: true,
                picked_by: "chosen by their leader".into(),
            });
        }
    }
    all
}

fn study(hand: &Hand, s: &demo::StudyPlan) -> studies::Definition {
    let world = &hand.world;
    let code = |metric: demo::MetricIx| world.metrics[metric.at()].code.to_owned();
    studies::Definition {
        place: s.code.to_owned(),
        code: s.code.to_owned(),
        intervention: world.interventions[s.intervention.at()].code.to_owned(),
        metric: code(s.outcome),
        design: match s.design {
            Plan2::StagedUnits => Design::Staged,
            Plan2::FlaggedPeople => Design::Picked,
        },
        hypothesis: Hypothesis { sentence: s.hypothesis.to_owned(), ..Hypothesis::default() },
        guardrails: s.guardrails.iter().copied().map(code).collect(),
        plan: Plan {
            before: u32::from(s.weeks_before),
            after: u32::from(s.weeks_after),
            units: Vec::new(),
            scale: Scale::Plain,
            smallest: None,
        },
        units: s.units.iter().map(|u| world.units[u.at()].code.clone()).collect(),
        locked_on: Some(s.locked),
        reading_day: Some(s.reading),
    }
}
