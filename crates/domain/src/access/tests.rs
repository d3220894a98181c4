//! What the matrix allows, by value.

use super::*;
use uuid::Uuid;

fn person(n: u128) -> PersonId {
    PersonId::new(Uuid::from_u128(n))
}
fn viewer(n: u128, roles: &[AccessRole], reports: &[u128]) -> Who {
    Who::Person(Viewer {
        person: person(n),
        name: "Test".into(),
        active: true,
        roles: roles.iter().copied().collect(),
        reports: reports.iter().map(|&r| person(r)).collect(),
        unit: None,
    })
}
fn relation(who: &Who, subject: u128, leaders: &[u128]) -> Relation {
    let leaders: Vec<PersonId> = leaders.iter().map(|&l| person(l)).collect();
    who.person().map_or(Relation::NONE, |v| Relation::of(v, person(subject), &leaders))
}

#[test]
fn what_needs_two_is_asked_for_by_one_and_done_by_another() {
    let asked = WriteAssignment(());
    let (one, other) = (viewer(1, &[AccessRole::Admin], &[]), viewer(2, &[AccessRole::Admin], &[]));
    assert_eq!(permit(&one, Relation::NONE, asked).unwrap_err(), Denied::Forbidden);
    assert_eq!(may_ask::<WriteAssignment>(&one), Ok(person(1)));
    assert!(second(&one, asked, person(1)).is_err());
    assert_eq!(second(&other, asked, person(1)).unwrap().person(), Some(person(2)));
    for not in [viewer(3, &[AccessRole::Privacy], &[]), viewer(3, &[], &[4]), Who::Host, Who::Anonymous] {
        assert!(second(&not, asked, person(1)).is_err());
    }
}

#[test]
fn every_resource_and_principal_has_its_cell() {
    for &resource in Resource::ALL {
        for &principal in Principal::ALL {
            assert!(CELLS.contains_key(&(resource.word(), principal.word())), "{resource} for {principal}");
        }
    }
}

#[test]
fn a_persons_numbers_are_for_them_and_their_direct_leader() {
    let asked = ReadMetrics(person(1));
    let may = |who: Who, leaders: &[u128]| permit(&who, relation(&who, 1, leaders), asked).is_ok();
    assert!(may(viewer(1, &[], &[]), &[2, 3]));
    assert!(may(viewer(2, &[], &[1]), &[2, 3]));
    assert!(!may(viewer(3, &[], &[2]), &[2, 3]), "a leader further up sees groups only");
    assert!(!may(viewer(4, &[], &[5]), &[2, 3]));
    for &role in AccessRole::ALL {
        assert!(!may(viewer(9, &[role], &[]), &[2, 3]), "{role}");
    }
    assert!(!may(Who::Anonymous, &[]));
}

#[test]
fn a_disabled_person_may_nothing_not_even_their_own() {
    let Who::Person(mut gone) = viewer(1, &[AccessRole::Admin], &[2]) else { unreachable!() };
    gone.active = false;
    let who = Who::Person(gone);
    assert_eq!(permit(&who, relation(&who, 1, &[]), ReadMetrics(person(1))).unwrap_err(), Denied::Forbidden);
    assert_eq!(scope(&who, Resource::MetricValue, None).people(), People::Only(&BTreeSet::new()));
}

#[test]
fn coaching_is_hidden_from_everybody_else() {
    let asked = ReadCoaching(SessionId::new(Uuid::from_u128(5)));
    let chain = viewer(3, &[AccessRole::Admin, AccessRole::Executive], &[2]);
    assert_eq!(permit(&chain, relation(&chain, 1, &[2, 3]), asked).unwrap_err(), Denied::Hidden);
    assert_eq!(permit(&Who::Anonymous, Relation::NONE, asked).unwrap_err(), Denied::SignIn);
    let coach = viewer(2, &[], &[1]);
    let held = Relation { coach: true, ..relation(&coach, 1, &[2]) };
    assert!(permit(&coach, held, asked).is_ok());
    assert!(permit(&coach, relation(&coach, 1, &[2]), asked).is_err(), "leading alone is not enough");
}

#[test]
fn only_the_owner_answers_for_data() {
    let asked = SettleData(AlertId::new(Uuid::from_u128(5)));
    assert!(permit_owner(&viewer(1, &[], &[]), Some(person(1)), asked).is_ok());
    for who in [viewer(2, AccessRole::ALL, &[1]), Who::Host] {
        assert_eq!(permit_owner(&who, Some(person(1)), asked).unwrap_err(), Denied::Hidden);
        assert_eq!(permit_owner(&who, None, asked).unwrap_err(), Denied::Hidden);
    }
    assert_eq!(permit_owner(&Who::Anonymous, None, asked).unwrap_err(), Denied::SignIn);
}

#[test]
fn a_machine_needs_cell_and_scope() {
    let machine = |scopes: &[KeyScope], active| {
        let scopes = scopes.iter().copied().collect();
        Who::Machine(Machine {
            key: KeyId::new(Uuid::from_u128(1)),
            name: "CRM".into(),
            scopes,
            active,
            actors: None,
        })
    };
    let may = |who: &Who| permit(who, Relation::NONE, SendObservations(())).is_ok();
    assert!(may(&machine(&[KeyScope::Metrics], true)));
    assert!(!may(&machine(&[KeyScope::All], true)), "xAPI's all is not the metrics scope");
    assert!(!may(&machine(&[KeyScope::Metrics], false)));
    let reading = machine(KeyScope::ALL, true);
    assert!(
        permit(&reading, Relation::NONE, ReadMetrics(person(1))).is_err(),
        "machines send values, they do not read them"
    );
}

#[test]
fn wider_scopes_of_xapi_hold_the_narrower() {
    use KeyScope::*;
    let may = |held: KeyScope| {
        let scopes = BTreeSet::from([held]);
        let who = Who::Machine(Machine {
            key: KeyId::new(Uuid::from_u128(1)),
            name: "LMS".into(),
            scopes,
            active: true,
            actors: None,
        });
        [
            permit(&who, Relation::NONE, SendStatements(())).is_ok(),
            permit(&who, Relation::NONE, ReadOwnStatements(())).is_ok(),
            permit(&who, Relation::NONE, ReadStatements(())).is_ok(),
            permit(&who, Relation::NONE, ReadState(())).is_ok(),
            permit(&who, Relation::NONE, WriteState(())).is_ok(),
            permit(&who, Relation::NONE, DefineActivities(())).is_ok(),
        ]
    };
    assert_eq!(may(StatementsWrite), [true, false, false, false, false, false]);
    assert_eq!(may(StatementsReadMine), [false, true, false, false, false, false]);
    assert_eq!(may(StatementsRead), [false, true, true, false, false, false]);
    assert_eq!(may(State), [false, false, false, true, true, false]);
    assert_eq!(may(AllRead), [false, true, true, true, false, false]);
    assert_eq!(may(All), [true; 6]);
    assert_eq!(may(Metrics), [false; 6]);
}

#[test]
fn lists_hold_oneself_and_direct_reports() {
    let leader = viewer(2, &[], &[1, 7]);
    let scope = scope(&leader, Resource::RedAlert, None);
    assert!(scope.holds(person(1)) && scope.holds(person(2)) && scope.holds(person(7)));
    assert!(!scope.holds(person(3)));
}

/// Row in scope exactly when a permit is given, in random small worlds.
#[test]
fn scope_and_permit_agree() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    for _ in 0..2_000 {
        let leader_of: Vec<u128> = (0..6).map(|_| u128::from(next(6))).collect();
        let me = u128::from(next(6));
        let reports: Vec<u128> = (0..6).filter(|&p| p != me && leader_of[p as usize] == me).collect();
        let roles: Vec<AccessRole> = AccessRole::ALL.iter().copied().filter(|_| next(4) == 0).collect();
        let who = viewer(me, &roles, &reports);
        let list = scope(&who, Resource::MetricValue, None);
        for subject in 0..6_u128 {
            let up = leader_of[subject as usize];
            let leaders = if up == subject { vec![] } else { vec![up] };
            let one = permit(&who, relation(&who, subject, &leaders), ReadMetrics(person(subject))).is_ok();
            assert_eq!(
                one,
                list.holds(person(subject)),
                "viewer {me} roles {roles:?} subject {subject} leaders {leaders:?}"
            );
        }
    }
}
