//! The world while it is being made.

use domain::time::Day;

use crate::names;
use crate::noise::Weeks;
use crate::world::*;

/// xAPI account home page of the learning system of Northwind Advisors.
pub(crate) const LMS: &str = "https://learn.northwind.example";
/// Home page of the customer records of Northwind Advisors.
pub(crate) const CRM: &str = "https://crm.northwind.example";
/// Home page of HR at Northwind Advisors.
pub(crate) const HR: &str = "https://people.northwind.example";
/// Home page of the planning system of Alder Industrial.
pub(crate) const ERP: &str = "https://erp.alder.example";
/// xAPI account home page of the learning system of Alder Industrial.
pub(crate) const ALDER_LMS: &str = "https://learn.alder.example";
/// Home page of HR at Alder Industrial.
pub(crate) const ALDER_HR: &str = "https://people.alder.example";

/// A world half made, with what every part of making it needs.
pub(crate) struct Build {
    pub(crate) world: World,
    pub(crate) weeks: Weeks,
    names_used: usize,
}

impl Build {
    pub(crate) fn new(seed: u64, today: Day, scale: Scale) -> Self {
        let world = World {
            seed,
            today,
            scale,
            units: Vec::new(),
            job_roles: Vec::new(),
            people: Vec::new(),
            accounts: Vec::new(),
            memberships: Vec::new(),
            reporting_lines: Vec::new(),
            absences: Vec::new(),
            grants: Vec::new(),
            personas: Vec::new(),
            feeds: Vec::new(),
            feed_runs: Vec::new(),
            metrics: Vec::new(),
            targets: Vec::new(),
            commitments: Vec::new(),
            observations: Vec::new(),
            activities: Vec::new(),
            interventions: Vec::new(),
            rollouts: Vec::new(),
            picks: Vec::new(),
            studies: Vec::new(),
            learning: Vec::new(),
            answers: Vec::new(),
            proposals: Vec::new(),
            sessions: Vec::new(),
            cases: Vec::new(),
        };
        Self { world, weeks: Weeks::before(today), names_used: seed as usize % 997 }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.world.seed
    }

    pub(crate) fn unit(&mut self, unit: Unit) -> UnitIx {
        self.world.units.push(unit);
        UnitIx::of(self.world.units.len() - 1)
    }

    pub(crate) fn job_role(&mut self, code: &'static str, name: &'static str) -> JobRoleIx {
        self.world.job_roles.push(JobRole { code, name });
        JobRoleIx::of(self.world.job_roles.len() - 1)
    }

    /// The next invented name that nobody bears yet.
    pub(crate) fn next_name(&mut self) -> String {
        self.names_used += 1;
        names::person(self.names_used)
    }

    /// A person of Northwind Advisors with an HR number.
    pub(crate) fn northwind_person(&mut self, name: String, joined: Day, left: Option<Day>) -> PersonIx {
        self.person("NW", name, "northwind.example", HR, joined, left)
    }

    /// A person of Alder Industrial with an HR number.
    pub(crate) fn alder_person(&mut self, name: String, joined: Day) -> PersonIx {
        self.person("AL", name, "alder.example", ALDER_HR, joined, None)
    }

    fn person(
        &mut self,
        prefix: &str,
        name: String,
        domain: &str,
        hr: &'static str,
        joined: Day,
        left: Option<Day>,
    ) -> PersonIx {
        let index = self.world.people.len();
        let code = format!("{prefix}-{:05}", 10_001 + index);
        let email = format!("{}@{domain}", names::login(&name));
        let person = PersonIx::of(index);
        self.account(Some(person), AccountSystem::Hr, hr, code.clone());
        self.world.people.push(Person { code, name, email, joined, left, language: "en" });
        person
    }

    pub(crate) fn account(
        &mut self,
        person: Option<PersonIx>,
        system: AccountSystem,
        home_page: &'static str,
        name: String,
    ) -> AccountIx {
        self.world.accounts.push(Account { person, system, home_page, name });
        AccountIx::of(self.world.accounts.len() - 1)
    }

    /// The login that follows from a person's name.
    pub(crate) fn login(&self, person: PersonIx) -> String {
        names::login(&self.world.people[person.at()].name)
    }

    pub(crate) fn works(
        &mut self,
        person: PersonIx,
        unit: UnitIx,
        job_role: JobRoleIx,
        from: Day,
        until: Option<Day>,
    ) {
        self.world.memberships.push(Membership { person, unit, job_role, from, until });
    }

    pub(crate) fn reports(&mut self, person: PersonIx, leader: PersonIx, from: Day, until: Option<Day>) {
        self.world.reporting_lines.push(ReportingLine { person, leader, from, until });
    }

    pub(crate) fn grant(&mut self, person: PersonIx, role: AccessRole, unit: UnitIx) {
        self.world.grants.push(Grant { person, role, unit });
    }
}
