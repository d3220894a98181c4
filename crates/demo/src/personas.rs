//! The six one-click sign-ins, and who else may see across both organisations.

use crate::alder::Alder;
use crate::build::Build;
use crate::northwind::{Northwind, SHOWN_TEAM};
use crate::world::*;

/// Writes the sign-ins.
pub(crate) fn write(b: &mut Build, n: &Northwind, a: &Alder) {
    // One sponsor and one analyst look after both organisations.
    b.grant(a.vp_operations, AccessRole::Executive, n.organisation);
    b.grant(a.analyst, AccessRole::Analyst, n.organisation);
    b.grant(n.it, AccessRole::Admin, a.organisation);
    b.grant(n.privacy, AccessRole::Privacy, a.organisation);
    let shown = &n.branches[n.shown];
    let maya = SHOWN_TEAM
        .iter()
        .position(|&p| p == "Maya Lindqvist")
        .map_or(shown.leader, |position| n.members[shown.members[position]].person);
    let branch = "Northwind Advisors, Harbour Street".to_owned();
    let both = "Northwind Advisors and Alder Industrial".to_owned();
    let persona =
        |kind, person, title, place: &str, sees| Persona { kind, person, title, place: place.into(), sees };
    b.world.personas = vec![
        persona(
            PersonaKind::Leader,
            shown.leader,
            "Branch leader",
            &branch,
            "Who of nine people needs him today, and who does not.",
        ),
        persona(
            PersonaKind::Member,
            maya,
            "Account manager",
            &branch,
            "Her own numbers, before anyone else sees them.",
        ),
        persona(
            PersonaKind::Executive,
            a.vp_operations,
            "VP Operations",
            &both,
            "What was tried, what it changed, what it cost, and how sure that is.",
        ),
        persona(
            PersonaKind::Analyst,
            a.analyst,
            "Performance analyst",
            &both,
            "“Can you train them?” A request that ends mostly without training.",
        ),
        persona(
            PersonaKind::Admin,
            n.it,
            "IT integrator",
            "Northwind Advisors",
            "Which data flows and which does not. Nobody's numbers.",
        ),
        persona(
            PersonaKind::Privacy,
            n.privacy,
            "Privacy officer",
            "Northwind Advisors",
            "Who may see what, who looked, and what is withheld.",
        ),
    ];
}
