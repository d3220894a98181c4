//! Whole files over HTTP: a dry run that shows the difference, every bad line named, nothing half-applied.

use domain::access::{AccessRole, KeyScope, WriteAssignment};
use store::Store;

use crate::company::Company;
use crate::harness::{Answer, Client, Server, host};

fn send(client: &Client, path: &str, text: &str) -> Answer {
    client.send("POST", path, &[("Content-Type", "text/csv; charset=utf-8")], text.as_bytes())
}

/// Each change as `line: what: how`.
fn changes(answer: &Answer) -> Vec<String> {
    let told = answer.json();
    let all = told["changes"].as_array().unwrap();
    all.iter()
        .map(|c| format!("{}: {}: {}", c["line"], c["what"].as_str().unwrap(), c["how"].as_str().unwrap()))
        .collect()
}

testkit::both_databases! {
    async fn units_and_people_over_http(store: Store) {
        let server = Server::start(store).await;
        let hr = server.key(&[KeyScope::People]).await;
        let units = "\u{feff}code;name;kind;parent\nNW;Northwind;organisation;\nB-01;Hafenstraße;branch;NW\n";
        let dry = send(&hr, "/api/v1/units.csv?dry_run=true", units).expect(200);
        assert_eq!(changes(&dry), ["2: unit NW Northwind: new", "3: unit B-01 Hafenstraße: new"]);
        assert_eq!((&dry.json()["applied"], &dry.json()["read"]["separator"]), (&false.into(), &"semicolon".into()));
        let done = send(&hr, "/api/v1/units.csv", units).expect(200).json();
        assert_eq!((&done["applied"], &done["summary"]), (&true.into(), &"2 changes, 0 unchanged".into()));
        let again = send(&hr, "/api/v1/units.csv", units).expect(200).json();
        assert_eq!((&again["applied"], &again["summary"]), (&false.into(), &"0 changes, 2 unchanged".into()));

        // Two bad lines beside a good one: both are named, and the good one is not applied.
        let bad = "code,name,unit,job_role,leader\nE1,Ana,B-01,Planner,\nE2,Bo,B-99,Planner,\nE3,Cy,B-01,Planner,E4\n";
        let refused = send(&hr, "/api/v1/people.csv", bad).expect(400).json();
        let places: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|e| e["place"].as_str().unwrap()).collect();
        assert_eq!(places, ["line 3, unit", "line 4, leader"]);
        let good = "code,name,unit,job_role\nE1,Ana,B-01,Planner\n";
        let dry = send(&hr, "/api/v1/people.csv?dry_run=true", good).expect(200);
        assert_eq!(changes(&dry), ["2: person E1 Ana: new", "2: job role Planner: new"]);
        send(&hr, "/api/v1/people.csv", good).expect(200);
        // A file without a column leaves what is known as it is.
        let mail = send(&hr, "/api/v1/people.csv", "code,email\nE1,ana@northwind.example\n").expect(200);
        assert_eq!(changes(&mail), ["2: person E1 Ana: email: nothing to ana@northwind.example"]);
    }

    async fn numbers_targets_and_promises_over_http(store: Store) {
        let company = Company::start(store).await;
        let server = &company.server;
        let crm = server.key(&[KeyScope::Metrics]).await;
        let row = |value: &str| format!("metric,subject,period,value\ncalls,p3,2026-03-02,{value}\n");
        let first = send(&crm, "/api/v1/observations.csv", &row("17")).expect(200).json();
        assert_eq!(first["applied"], true);
        let dry = send(&crm, "/api/v1/observations.csv?dry_run=true", &row("18")).expect(200);
        assert_eq!(changes(&dry), ["2: calls of p3 for 2026-03-02: 17 to 18"]);
        assert_eq!(dry.json()["summary"], "0 new, 1 corrected, 0 unchanged");
        let bad = "metric,subject,period,value\ncalls,p3,2026-03-02,NaN\ncalls,p3,2026-02-30,4\n";
        let refused = send(&crm, "/api/v1/observations.csv", bad).expect(400).json();
        assert_eq!(refused["errors"].as_array().unwrap().len(), 2, "{refused}");
        let some = "metric,subject,period,value\ncalls,p3,2026-03-02,19\ncalls,nobody,2026-03-02,4\n";
        let skipped = send(&crm, "/api/v1/observations.csv?skip_bad=true", some).expect(200).json();
        assert_eq!((&skipped["summary"], &skipped["left_out"][0]["place"]), (&"0 new, 1 corrected, 0 unchanged".into(), &"line 3, subject".into()));

        let targets = "metric;scope;subject;level;tolerance;why\ncalls;person;p3;42,5;2;agreed\ncalls;all;;40;;\n";
        let dry = send(&crm, "/api/v1/targets.csv?dry_run=true", targets).expect(200);
        assert_eq!(dry.json()["applied"], false);
        let shown = changes(&dry);
        assert!(shown[0].starts_with("2: target of calls for person p3: ") && shown[0].contains("42.5 ± 2"), "{shown:?}");
        let before = company.counts().await;
        send(&crm, "/api/v1/targets.csv?dry_run=true", targets).expect(200);
        assert_eq!(before, company.counts().await);
        assert_eq!(send(&crm, "/api/v1/targets.csv", targets).expect(200).json()["applied"], true);
        assert_eq!(send(&crm, "/api/v1/targets.csv", targets).expect(200).json()["summary"], "0 changes, 2 unchanged");
        let promised = "person,metric,level,why\np3,calls,44,said so on Monday\n";
        send(&crm, "/api/v1/commitments.csv", promised).expect(200);

        // Who and why stand in the history, and nothing is overwritten.
        let maya = company.browser("p3").await;
        let page = format!("/api/v1/people/{}/metrics/{}", company.maya, company.metric);
        let read = maya.get(&page).expect(200).json();
        let own = read["targets"].as_array().unwrap().iter().find(|t| t["scope"]["scope"] == "person").unwrap();
        assert_eq!((&own["level"], &own["why"]), (&42.5.into(), &"agreed".into()));
        assert!(own["set_by"].as_str().unwrap().starts_with("key_"), "{own}");
        assert_eq!(read["commitments"][0]["why"], "said so on Monday");
        let ends = "metric,scope,subject,level,ended\ncalls,person,p3,,yes\n";
        send(&crm, "/api/v1/targets.csv", ends).expect(200);
        let read = maya.get(&page).expect(200).json();
        let versions: Vec<i64> = read["targets"].as_array().unwrap().iter()
            .filter(|t| t["scope"]["scope"] == "person").map(|t| t["version"].as_i64().unwrap()).collect();
        assert_eq!(versions, [2, 1]);

        for bad in [
            "metric,level\nnothing,4\n",
            "metric,scope,subject,level\ncalls,unit,nowhere,4\n",
            "metric,level,tolerance\ncalls,4,-1\n",
            "metric,level\ncalls,1e300\n",
            "metric,level,window\ncalls,4,0\n",
        ] {
            let refused = send(&crm, "/api/v1/targets.csv", bad).expect(400).json();
            assert!(refused["errors"][0]["place"].as_str().unwrap().starts_with("line 2"), "{bad}: {refused}");
        }
    }

    async fn definitions_over_http(store: Store) {
        let server = Server::start(store).await;
        let crm = server.key(&[KeyScope::Metrics]).await;
        let toml = |name: &str| format!("[[metric]]\ncode = \"calls\"\nname = \"{name}\"\ndirection = \"up\"\nlevel = \"performance\"\ngrain = \"person\"\naggregation = \"sum\"\ncadence = \"week\"\nnote = \"agreed\"\n");
        let send = |path: &str, text: &str| crm.send("POST", path, &[("Content-Type", "application/toml")], text.as_bytes());
        assert_eq!(changes(&send("/api/v1/metrics.toml?dry_run=true", &toml("Calls")).expect(200)), ["1: metric calls Calls: new"]);
        assert_eq!(crm.get("/api/v1/metrics").expect(200).json()["metrics"].as_array().unwrap().len(), 0);
        send("/api/v1/metrics.toml", &toml("Calls")).expect(200);
        let renamed = send("/api/v1/metrics.toml", &toml("Good calls")).expect(200);
        assert_eq!(changes(&renamed), ["1: metric calls Good calls: version 2, name: Calls to Good calls"]);
        let listed = crm.get("/api/v1/metrics").expect(200).json();
        let versions = listed["metrics"][0]["versions"].as_array().unwrap();
        assert_eq!((versions.len(), &versions[0]["why"]), (2, &"agreed".into()));
    }

    async fn what_the_pages_show_is_there_as_json(store: Store) {
        let company = Company::start(store).await;
        let (maya, leader) = (company.browser("p3").await, company.browser("lead0").await);
        let own = maya.get("/api/v1/today").expect(200).json();
        assert_eq!(own["people"].as_array().unwrap().len(), 1);
        assert_eq!(own["people"][0]["standing"][0]["metric"], company.metric.to_string());
        let team = leader.get("/api/v1/team").expect(200).json();
        let alert = team["alerts"].as_array().unwrap().iter().find(|a| a["about"] == company.maya.to_string()).unwrap();
        assert_eq!(alert["id"], company.alert.to_string());
        let one = leader.get(&format!("/api/v1/alerts/{}", company.alert)).expect(200).json();
        assert_eq!((&one["kind"], &one["facts"]), (&alert["kind"], &alert["facts"]));
        let talk = company.talk(&leader);
        let session = leader.get(&format!("/api/v1{talk}")).expect(200).json();
        assert_eq!((&session["person"], &session["state"]), (&company.maya.to_string().into(), &"open".into()));
        assert!(!session["agenda"].as_array().unwrap().is_empty());
        assert_eq!(maya.get("/api/v1/sessions").expect(200).json()["sessions"][0]["id"], session["id"]);
        let all = leader.get(&format!("/api/v1/people/{}/metrics", company.maya)).expect(200).json();
        assert_eq!(all["metrics"].as_array().unwrap().len(), all["standing"].as_array().unwrap().len());
        leader.get(&format!("/api/v1/people/{}/metrics/{}?periods=0", company.maya, company.metric)).expect(400);
        // Somebody looked, and she sees that they did, whichever way they took.
        maya.get("/me").expect(200).contains("all metrics");
        let admin = company.browser("admin").await;
        assert!(admin.get("/api/v1/health").expect(200).json()["feeds"].is_array());
    }

    async fn places_are_changed_by_two_administrators(store: Store) {
        let server = Server::start(store).await;
        let org = server.org().await;
        app::access::give_role(&server.app, host(WriteAssignment(())), "other", AccessRole::Admin).await.unwrap();
        let (one, other) = (server.sign_in_as(org.admin).await, server.sign_in_as(org.other).await);
        let upload = |client: &Client, kind: &str, text: &str| {
            let body = format!(
                "--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\n{kind}\r\n\
                 --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\
                 Content-Type: text/csv\r\n\r\n{text}\r\n--b--\r\n"
            );
            client.send("POST", "/people/import", &[("Content-Type", "multipart/form-data; boundary=b")], body.as_bytes())
        };
        one.get("/people?q=member").expect(200).contains("Member Example").contains("Leader Example");
        assert!(!one.get("/people?q=member").text().contains("Peer Example"));
        upload(&one, "units", "code,parent\nB-02,B-99\n").expect(400).contains("line 2, parent").contains("B-99");
        upload(&one, "units", "code\nB-01\n").expect(200).contains("changes nothing");
        upload(&one, "units", "").expect(400);
        upload(&one, "salaries", "code\nB-01\n").expect(400);
        let path = upload(&one, "units", "code,name\nB-02,Mill Lane\n").expect(303).header("location").to_owned();
        let asked = one.get(&path).expect(200).contains("1 change").contains("Another administrator applies it");
        assert!(!asked.text().contains("/apply"), "whoever asks does not apply");
        one.form(&format!("{path}/apply"), &[]).expect(403);
        other.get("/people").expect(200).contains("list.csv, Admin Example");
        other.get(&path).expect(200).contains("unit B-02 Mill Lane").contains("/apply");
        other.form(&format!("{path}/apply"), &[]).expect(303);
        one.get("/people").expect(200).contains("Mill Lane");
        one.get(&path).expect(404);
        let again = upload(&other, "units", "code,name\nB-02,Mill Road\n").expect(303).header("location").to_owned();
        other.form(&format!("{again}/withdraw"), &[]).expect(303);
        other.form(&format!("{again}/apply"), &[]).expect(404);
    }
}
