//! The rules for reds: read by everybody, tried and switched on by analysts, gone back from; the page and the file are one.

use domain::access::{AccessRole, WriteAssignment};
use store::Store;

use crate::company::Company;
use crate::harness::{Client, host};

/// The parameters of a rule as its form sends them, some of them changed.
fn fields<'a>(changed: &[(&'a str, &'a str)], rest: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let delivered = [
        ("baseline", "26"),
        ("baseline_longest", "39"),
        ("gap", "8"),
        ("min_history", "16"),
        ("min_borrowed", "6"),
        ("ramp", "26"),
        ("slack", "0.75"),
        ("interval", "2.8"),
        ("common_min", "5"),
        ("unit_min_effect", "0.03"),
        ("recover", "3"),
        ("accept_after", "26"),
        ("gap_sureness", "1.645"),
        ("show_recovered", "4"),
    ];
    let value = |name: &str, value| changed.iter().find(|c| c.0 == name).map_or(value, |c| c.1);
    delivered.iter().map(|&(n, v)| (n, value(n, v))).chain(rest.iter().copied()).collect()
}

async fn analyst(c: &Company) -> Client {
    app::access::give_role(&c.server.app, host(WriteAssignment(())), "keeper", AccessRole::Analyst)
        .await
        .unwrap();
    c.browser("keeper").await
}

testkit::both_databases! {
    async fn a_rule_is_tried_switched_on_and_gone_back_from(store: Store) {
        let c = Company::start(store).await;
        let analyst = analyst(&c).await;
        let maya = c.browser("p3").await;
        // Everybody can read how they are judged; changing it is for analysts and privacy officers.
        maya.get("/rules").expect(200).contains("One rule for all metrics").contains("as delivered");
        let page = maya.get("/rules/calls").expect(200).contains("This metric goes by the rule for all");
        assert!(!page.text().contains("Switch on"), "nothing to press for whoever may not");
        maya.form("/rules/calls", &fields(&[], &[("do", "set"), ("why", "x")])).expect(403);
        maya.form("/rules/calls/versions/0", &[]).expect(403);
        c.browser("admin").await.form("/rules/calls", &fields(&[], &[("do", "try"), ("weeks", "12")])).expect(403);

        // A trial says what it would have done, beside what is in force, and keeps nothing.
        let tried = analyst.form("/rules/calls", &fields(&[("interval", "1")], &[("do", "try"), ("weeks", "26")])).expect(200)
            .contains("instead of").contains("Successful calls, ").contains("in a hundred of 520 judged values")
            .contains("What each leader would have got").contains("Nothing was kept");
        // An analyst sees no names: neither of people nor of leaders.
        assert!(!tried.text().contains("P3 Example") && !tried.text().contains("Lead0"), "{}", tried.text());
        assert!(tried.text().contains("value=\"1\""), "what was typed stays");
        analyst.get("/rules/calls").expect(200).contains("in force");
        assert!(!maya.get("/rules").expect(200).text().contains("calls 1"));
        // With a target, what chance alone would make red is said.
        c.browser("lead0").await.form(&format!("{}/target", c.metric_page()), &[("level", "40"), ("why", "a test")]).expect(303);
        analyst.form("/rules/calls", &fields(&[], &[("do", "try"), ("weeks", "26")])).expect(200)
            .contains("This target would be red").contains("by chance alone");

        // What cannot be used is said at its field, and nothing changes.
        for (changed, rest, said) in [
            (("interval", "soon"), ("why", "x"), "is not a number"),
            (("baseline", "1"), ("why", "x"), "1 is not possible; give a whole number from 8 to 104"),
            (("baseline", "26.5"), ("why", "x"), "is no whole number"),
            (("interval", "3"), ("why", " "), "Say in a few words why"),
        ] {
            analyst.form("/rules/calls", &fields(&[changed], &[("do", "set"), rest])).expect(400).contains(said);
        }
        analyst.form("/rules/calls", &fields(&[], &[("do", "try"), ("weeks", "900")])).expect(400).contains("from 1 to 130");
        analyst.form("/rules/calls", &[("do", "set"), ("colour", "red")]).expect(400);
        analyst.get("/rules/nothing").expect(404);

        // Switched on with a reason; who and why stay readable, and an alert names its version.
        let on = analyst.form("/rules/calls", &fields(&[("interval", "1")], &[("do", "set"), ("why", "we want to hear sooner")])).expect(303);
        assert!(on.cookies().iter().any(|k| k.contains("versions%2F0")), "a way back: {:?}", on.cookies());
        app::pipeline::settle(&c.server.app).await.unwrap();
        maya.get("/rules").expect(200).contains("one metric has one of their own".replace("one metric", "1 metric").as_str())
            .contains("interval 1.0 instead of 2.8").contains("Keeper Example").contains("we want to hear sooner");
        analyst.form("/rules/calls", &fields(&[("interval", "1")], &[("do", "set"), ("why", "again")])).expect(400).contains("Nothing differs");

        // The page and the file are one and the same.
        let file = maya.get("/api/v1/rules.toml").expect(200).text();
        assert!(file.contains("code = \"calls\"") && file.contains("interval = 1.0"), "{file}");
        let changed = file.replace("interval = 1.0", "interval = 2.0");
        analyst.form("/rules", &[("text", &file), ("do", "look")]).expect(200).contains("changes nothing");
        analyst.form("/rules", &[("text", &changed), ("do", "look")]).expect(200).contains("rule calls: interval: 1.0 to 2.0");
        analyst.get("/rules/calls").expect(200).contains("value=\"1.0\"");
        analyst.form("/rules", &[("text", &changed.replace("interval =", "intervall =")), ("do", "apply")]).expect(400).contains("intervall");
        maya.form("/rules", &[("text", &changed), ("do", "apply")]).expect(403);
        analyst.form("/rules", &[("text", &changed), ("do", "apply")]).expect(303);
        analyst.get("/rules/calls").expect(200).contains("value=\"2.0\"").contains("interval 2.0 instead of 1.0");

        // Back to a version, and back to the rule for all; each is a version of its own.
        analyst.form("/rules/calls/versions/9", &[]).expect(404);
        analyst.form("/rules/calls/versions/1", &[]).expect(303);
        analyst.get("/rules/calls").expect(200).contains("back to version 1");
        analyst.form("/rules/calls/versions/0", &[]).expect(303);
        analyst.get("/rules/calls").expect(200).contains("This metric goes by the rule for all").contains("by the rule for all again");
        assert!(!maya.get("/api/v1/rules.toml").expect(200).text().contains("calls"), "what holds for nobody is not exported");
    }

    async fn the_same_is_done_through_the_api(store: Store) {
        let c = Company::start(store).await;
        let analyst = analyst(&c).await;
        let maya = c.browser("p3").await;
        let send = |who: &Client, path: &str, body: serde_json::Value| {
            who.send("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
        };
        let rule = serde_json::json!({"code": "calls", "why": "sooner", "parameters": {"interval": 1.0}});
        send(&maya, "/api/v1/rules", rule.clone()).expect(403);
        assert_eq!(send(&analyst, "/api/v1/rules?dry_run=true", rule.clone()).expect(200).json()["applied"], false);
        assert_eq!(maya.get("/api/v1/rules").expect(200).json()["rules"].as_array().unwrap().len(), 1);
        let trial = serde_json::json!({"metric": "calls", "weeks": 26, "parameters": {"interval": 1.0}});
        send(&maya, "/api/v1/rules/try", trial.clone()).expect(403);
        let tried = send(&analyst, "/api/v1/rules/try", trial).expect(200).json();
        assert_eq!(tried["judged"], 520);
        assert!(tried["alerts"].as_u64().unwrap() > 1 && tried["named"].as_array().unwrap().is_empty(), "{tried}");
        let weeks: u64 = tried["by_period"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(Some(weeks), tried["alerts"].as_u64());
        send(&analyst, "/api/v1/rules/try", serde_json::json!({"metric": "nothing"})).expect(400);
        send(&analyst, "/api/v1/rules/try", serde_json::json!({"metric": "calls", "weeks": 0})).expect(400);
        assert_eq!(send(&analyst, "/api/v1/rules", rule).expect(200).json()["changes"].as_array().unwrap().len(), 1);
        let all = maya.get("/api/v1/rules").expect(200).json();
        assert_eq!((&all["rules"][0]["code"], &all["rules"][0]["version"], &all["rules"][0]["why"]),
            (&"calls".into(), &1.into(), &"sooner".into()));
        // A misspelt parameter is not lost, and `null` is the rule for all.
        send(&analyst, "/api/v1/rules", serde_json::json!({"code": "calls", "why": "x", "parameters": {"intervall": 1}})).expect(400);
        send(&analyst, "/api/v1/rules", serde_json::json!({"code": "calls", "why": "x", "parameters": null})).expect(200);
        send(&analyst, "/api/v1/rules/calls/versions/1", serde_json::Value::Null).expect(200);
        let file = [("Content-Type", "application/toml")];
        let text = "[[rule]]\ncode = \"calls\"\nwhy = \"all alike\"\nas_default = true\n";
        maya.send("POST", "/api/v1/rules.toml", &file, text.as_bytes()).expect(403);
        let done = analyst.send("POST", "/api/v1/rules.toml", &file, text.as_bytes()).expect(200).json();
        assert_eq!(done["changes"][0]["how"], "as the default from now on", "{done}");
    }
}
