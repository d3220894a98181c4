//! Invented names: every full name once.

/// Given names from many places.
const GIVEN: [&str; 150] = [
    "Adaeze", "Adrian", "Aiko", "Aileen", "Alejandra", "Aleksander", "Alice", "Alonso", "Amina", "Anders", "Aneta",
    "Anouk", "Anton", "Arjun", "Astrid", "Aurelio", "Ayesha", "Bartek", "Beatriz", "Bilal", "Birgit", "Bogdan",
    "Brigid", "Bruno", "Camille", "Carmen", "Caspar", "Cecilia", "Chidi", "Cillian", "Clara", "Cormac", "Dagmar",
    "Damian", "Daria", "Deepa", "Denis", "Dilara", "Dominik", "Dorota", "Eamon", "Edda", "Eitan", "Elena", "Elif",
    "Emil", "Enrique", "Erika", "Esther", "Fabian", "Fatima", "Felix", "Fiona", "Florin", "Frida", "Gabriel", "Gemma",
    "Goran", "Greta", "Gustavo", "Hamid", "Hanna", "Haruto", "Hedda", "Henrik", "Ibrahim", "Ida", "Ignacio", "Ilse",
    "Imani", "Ingrid", "Irena", "Isaac", "Ivana", "Jakub", "Jana", "Javier", "Jelena", "Joana", "Jorge", "Josip",
    "Julia", "Kaan", "Kamal", "Karin", "Katarzyna", "Keira", "Kofi", "Krzysztof", "Lars", "Laszlo", "Leila", "Lena",
    "Liam", "Lidia", "Ling", "Lorenzo", "Lucia", "Luka", "Magnus", "Malik", "Mara", "Marco", "Marta", "Mateo",
    "Matilda", "Mehmet", "Mei", "Milan", "Mira", "Moira", "Nadia", "Naveen", "Niamh", "Nils", "Nuria", "Odette",
    "Olga", "Omar", "Oskar", "Paola", "Patrick", "Pavel", "Petra", "Pilar", "Priya", "Radu", "Rania", "Raphael",
    "Riku", "Rosa", "Rowan", "Sabine", "Samir", "Sanna", "Selma", "Seamus", "Silvia", "Simon", "Sofia", "Stefan",
    "Sunita", "Tamara", "Tariq", "Teresa", "Thabo", "Tomas", "Valeria", "Viktor", "Yara",
];

/// Family names from many places.
const FAMILY: [&str; 230] = [
    "Abara", "Adeyemi", "Ahlberg", "Aksoy", "Almeida", "Andersen", "Antal", "Arslan", "Asante", "Bakker", "Banerjee",
    "Baptista", "Baran", "Bauer", "Becker", "Benali", "Bergstrom", "Bianchi", "Blaszczyk", "Bondar", "Borg", "Brennan",
    "Brunner", "Calder", "Campos", "Carvalho", "Castellano", "Cermak", "Chandra", "Cohen", "Colombo", "Connolly",
    "Correia", "Costa", "Cruz", "Dahl", "Danso", "Delacroix", "Delgado", "Desai", "Diallo", "Dimitrov", "Doherty",
    "Dolan", "Draganov", "Duarte", "Dvorak", "Eder", "Egan", "Ekstrom", "Engel", "Eriksen", "Espinosa", "Fabbri",
    "Farkas", "Farouk", "Fekete", "Ferrari", "Fischer", "Fitzgerald", "Fontaine", "Forsberg", "Franco", "Friis",
    "Gallagher", "Garnier", "Georgiou", "Ghosh", "Giordano", "Gomes", "Goncalves", "Graf", "Greco", "Gruber",
    "Gupta", "Haddad", "Hagen", "Hahn", "Halonen", "Hansen", "Hartmann", "Hassan", "Healy", "Hedlund", "Heinz",
    "Hernandez", "Hoffmann", "Holm", "Horvat", "Huber", "Ibarra", "Iglesias", "Ilic", "Ionescu", "Ito", "Ivanov",
    "Jansen", "Jankovic", "Jensen", "Johansson", "Joshi", "Jovanovic", "Kaminski", "Kapoor", "Karlsen", "Kaya",
    "Keller", "Kelly", "Khalil", "Khan", "Kiraly", "Kirsch", "Klein", "Kobayashi", "Koch", "Kolar", "Korhonen",
    "Kovac", "Kowalski", "Kraus", "Kruger", "Kumar", "Lahti", "Lang", "Larsen", "Laurent", "Leclerc", "Lehmann",
    "Lewandowski", "Lind", "Lopes", "Lorenz", "Lukic", "Lund", "Lynch", "Macedo", "Madsen", "Maguire", "Mahmoud",
    "Maier", "Makinen", "Malone", "Mancini", "Marchand", "Marin", "Markovic", "Martens", "Mazur", "Mendes", "Mensah",
    "Meyer", "Mikkelsen", "Molnar", "Monteiro", "Moreau", "Moretti", "Moser", "Murphy", "Nagy", "Nair", "Nakamura",
    "Navarro", "Nemeth", "Neumann", "Nielsen", "Nolan", "Nowak", "Nunes", "Obi", "Oduya", "Okafor", "Oliveira",
    "Olsen", "Orlov", "Ozturk", "Palmer", "Pappas", "Patel", "Pavlov", "Pereira", "Petersen", "Petrov", "Pinto",
    "Popescu", "Prakash", "Quinn", "Rahman", "Ramos", "Rao", "Reilly", "Richter", "Rinaldi", "Rojas", "Romano",
    "Rossi", "Roy", "Ruiz", "Saito", "Salgado", "Santos", "Sarkar", "Sato", "Schmidt", "Schreiber", "Sharma", "Silva",
    "Simic", "Singh", "Sobol", "Soto", "Stein", "Strand", "Suarez", "Sundberg", "Szabo", "Tanaka", "Teixeira",
    "Thorsen", "Toth", "Traore", "Tvedt", "Ustinov", "Vargas", "Vasquez", "Virtanen", "Vogel", "Wagner", "Walsh",
    "Weber", "Winkler",
];

/// Words for branch names.
const STREETS: [&str; 48] = [
    "Abbey", "Acorn", "Alder", "Anchor", "Ash", "Beacon", "Bishop", "Bridge", "Canal", "Castle", "Cedar", "Chapel",
    "Chestnut", "Church", "Clover", "Copper", "Corn", "Cross", "Dean", "Dock", "Elm", "Fair", "Ferry", "Fountain",
    "Garden", "Glass", "Granary", "Green", "Hill", "Holly", "Iron", "King's", "Lime", "Linden", "Market", "Meadow",
    "Minster", "Monk", "North", "Orchard", "Park", "Pearl", "Queen's", "River", "Rose", "Silver", "Temple", "Weaver",
];
const KINDS: [&str; 11] =
    ["Street", "Lane", "Road", "Square", "Row", "Gate", "Place", "Terrace", "Hill", "Court", "Parade"];

/// The n-th full name. The first 34,500 differ; neighbours share neither name.
pub(crate) fn person(n: usize) -> String {
    let total = GIVEN.len() * FAMILY.len();
    // A prime that does not divide the total, so that every pair comes once.
    let k = (n % total) * 8_467 % total;
    let name = format!("{} {}", GIVEN[k % GIVEN.len()], FAMILY[k / GIVEN.len()]);
    if n < total { name } else { format!("{name} {}", ["II", "III", "IV"][(n / total - 1).min(2)]) }
}

/// The n-th branch name. The first 528 differ; later ones carry a number.
pub(crate) fn branch(n: usize) -> String {
    let total = STREETS.len() * KINDS.len();
    let k = (n % total) * 31 % total;
    let name = format!("{} {}", STREETS[k % STREETS.len()], KINDS[k / STREETS.len()]);
    if n < total { name } else { format!("{name} {}", n / total + 1) }
}

/// The local part of a mail address or login for a name.
pub(crate) fn login(name: &str) -> String {
    name.chars()
        .filter_map(|c| match c {
            ' ' => Some('.'),
            c if c.is_ascii_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_full_name_comes_once() {
        let names: HashSet<String> = (0..34_500).map(person).collect();
        assert_eq!(names.len(), 34_500);
        let logins: HashSet<String> = names.iter().map(|n| login(n)).collect();
        assert_eq!(logins.len(), names.len());
    }

    #[test]
    fn every_branch_name_comes_once() {
        let names: HashSet<String> = (0..3_600).map(branch).collect();
        assert_eq!(names.len(), 3_600);
    }

    #[test]
    fn neighbours_differ_in_both_names() {
        for n in 0..2_000 {
            let team: Vec<String> = (n..n + 10).map(person).collect();
            let given: HashSet<&str> = team.iter().filter_map(|p| p.split(' ').next()).collect();
            assert_eq!(given.len(), 10, "{team:?}");
        }
    }
}
