//! A change in somebody's numbers, from the first page that shows it to the answer, the wait and the end.

use store::Store;

use crate::company::Company;
use crate::harness::Client;

testkit::both_databases! {
    async fn a_shift_is_on_the_pages_of_the_two_it_concerns_and_on_no_others(store: Store) {
        let c = Company::start(store).await;
        let maya = c.browser("p3").await;
        let leader = c.browser("lead0").await;
        let today = maya.get("/today").expect(200).contains("Successful calls").contains("lower for four weeks");
        let today = today.contains(&format!("{}?answer=know", c.alert_page()));
        assert!(!today.text().contains("Below target"));
        leader.get("/team").expect(200).contains("1 of your 5 people needs you").contains("P3 Example").contains(&c.alert_page());
        maya.get(&c.alert_page()).expect(200).contains("Your successful calls have been lower for four weeks");
        leader.get(&c.alert_page()).expect(200).contains("P3: successful calls lower for four weeks");
        maya.get(&c.metric_page()).expect(200).contains("<tl-chart").contains("part of the change");
        leader.get(&c.metric_page()).expect(200);
        for code in ["p3", "lead0"] {
            assert!(c.told(code).await.contains("Successful calls: lower than usual"), "{code}");
        }

        // Nobody else: a leader further up, another leader, a colleague, any access role.
        for code in ["boss", "lead1", "p4", "p9", "admin", "exec", "keeper"] {
            let other = c.browser(code).await;
            for page in [c.alert_page(), c.metric_page()] {
                let answer = other.get(&page).expect(403);
                assert!(!answer.text().contains("P3"), "{code} learns nothing from the refusal");
            }
            for act in ["answer", "talk", "wait", "wrong", "accept", "propose", "message"] {
                let fields: &[(&str, &str)] = match act {
                    "answer" => &[("answer", "know"), ("text", "x")],
                    "wait" => &[("until", "2026-04-01"), ("why", "x")],
                    "accept" => &[("why", "x")],
                    "talk" => &[],
                    "propose" => &[("support", &c.aid.to_string())],
                    _ => &[("text", "x")],
                };
                other.form(&format!("{}/{act}", c.alert_page()), fields).expect(403);
            }
            assert!(!c.told(code).await.contains("Successful calls"), "{code} is told nothing");
        }
        c.browser("p4").await.get("/today").expect(200).contains("Successful calls");
        assert!(!c.browser("p4").await.get("/today").text().contains("/alerts/"));
        c.browser("lead1").await.get("/team").expect(200).contains("Nobody needs you today");
        c.browser("p4").await.get("/team").expect(403);
        for page in [c.alert_page(), c.metric_page(), "/today".into(), "/team".into()] {
            let answer = c.server.anonymous().get(&page).expect(303);
            assert!(answer.header("location").starts_with("/sign-in?next="), "{}", answer.header("location"));
        }
    }

    async fn each_of_the_three_answers_reaches_whom_it_should(store: Store) {
        let c = Company::start(store).await;
        let maya = c.browser("p3").await;
        let leader = c.browser("lead0").await;
        let answer = format!("{}/answer", c.alert_page());
        let say = |who: &Client, how: &str, text: &str| who.form(&answer, &[("answer", how), ("text", text)]);
        say(&leader, "know", "they were away").expect(403);
        // From the first page to an answer in two steps: the link chooses, the button sends.
        for (how, id) in [("know", "id=\"answer-know\" required checked"), ("help", "value=\"help\" checked"), ("wrong", "value=\"wrong\" checked")] {
            let link = format!("{}?answer={how}", c.alert_page());
            maya.get("/today").expect(200).contains(&format!("href=\"{link}#answer\""));
            maya.get(&link).expect(200).contains(id);
        }
        say(&maya, "maybe", "x").expect(400);
        say(&maya, "know", "two weeks on the new phone system").expect(303);
        leader.get("/team").expect(200).contains("I know why: two weeks on the new phone system");
        maya.get("/today").expect(200).contains("You answered: I know why: two weeks on the new phone system");
        assert!(c.told("lead0").await.contains("P3 Example answered"));
        // A change of mind counts.
        say(&maya, "help", "").expect(303);
        leader.get(&c.alert_page()).expect(200).contains("I&#39;d like help");

        // Wrong data need a word of what is wrong; the form says so and keeps what was chosen.
        let refused = say(&maya, "wrong", " ").expect(400).contains("Say in one line what is wrong with the data");
        assert!(refused.text().contains("name=\"answer\" value=\"wrong\" checked"), "{}", refused.text());
        say(&maya, "wrong", "calls of the new line are missing").expect(303);
        maya.get(&c.alert_page()).expect(200).contains("Data in question");
        leader.get("/team").expect(200).contains("Nobody needs you today");
        // The feed's owner is told, and not of whom: they may not see a person's numbers.
        let told = c.told("keeper").await;
        assert!(told.contains("Successful calls: somebody says that the data are wrong"), "{told}");
        assert!(!told.contains("P3") && !told.contains("/alerts/"), "{told}");
        assert!(!c.told("boss").await.contains("Successful calls"));
    }

    async fn whoever_answers_for_the_data_answers_and_the_answer_comes_back(store: Store) {
        let c = Company::start(store).await;
        let maya = c.browser("p3").await;
        let leader = c.browser("lead0").await;
        let keeper = c.browser("keeper").await;
        let answer = format!("{}/answer", c.alert_page());
        let settle = format!("/questions/{}", c.alert);
        keeper.get("/questions").expect(200).contains("Nobody asks about your data");
        keeper.form(&settle, &[("data", "right"), ("note", "x")]).expect(409);
        maya.form(&answer, &[("answer", "wrong"), ("text", "the new line is missing")]).expect(303);
        keeper.get("/health").expect(200).contains("One question about data waits for you").contains("Your feeds");
        let page = keeper.get("/questions").expect(200).contains("the new line is missing").contains("P3 Example")
            .contains("Weeks from 16 February to 9 March");
        // Whose and which weeks, not the numbers.
        assert!(!page.text().contains("tl-chart") && !page.text().contains(&c.metric_page()));
        keeper.get(&c.metric_page()).expect(403);
        keeper.get(&c.alert_page()).expect(403);
        for other in ["p3", "lead0", "boss", "admin", "exec"] {
            let other = c.browser(other).await;
            other.form(&settle, &[("data", "wrong"), ("note", "x")]).expect(404);
            assert!(!other.get("/questions").expect(200).text().contains("the new line"));
        }
        keeper.form(&settle, &[("data", "maybe"), ("note", "x")]).expect(400);
        keeper.form(&settle, &[("data", "right"), ("note", " ")]).expect(400).contains("Say in a line what you found");
        keeper.form(&settle, &[("data", "right"), ("note", "both lines are in")]).expect(303);
        for who in ["p3", "lead0"] {
            assert!(c.told(who).await.contains("Successful calls: the data are right"), "{who}");
            c.browser(who).await.get(&c.alert_page()).expect(200)
                .contains("They are right: both lines are in (Keeper Example)").contains("Seen, 18 Mar");
        }
        leader.get("/team").expect(200).contains("1 of your 5 people needs you");
        // Asked again, and now they were wrong: the episode ends so named.
        maya.form(&answer, &[("answer", "wrong"), ("text", "look at Friday")]).expect(303);
        keeper.form(&settle, &[("data", "wrong"), ("note", "a day was lost")]).expect(303);
        maya.get(&c.alert_page()).expect(200).contains("Data were wrong, 18 Mar").contains("They were wrong: a day was lost");
        leader.get("/team").expect(200).contains("Nobody needs you today");
        keeper.form(&settle, &[("data", "wrong"), ("note", "again")]).expect(409);
        maya.get("/me").expect(200).contains("Keeper Example, answers for the data");
        for other in ["p4", "exec", "boss"] {
            c.browser(other).await.get("/health").expect(403);
        }
    }

    async fn a_leader_waits_says_that_data_are_wrong_or_takes_the_level(store: Store) {
        let c = Company::start(store).await;
        let leader = c.browser("lead0").await;
        let maya = c.browser("p3").await;
        let act = |what: &str, fields: &[(&str, &str)]| leader.form(&format!("{}/{what}", c.alert_page()), fields);
        for until in ["2026-03-18", "2026-03-17", "2026-07-01", "2026-02-30", "soon", ""] {
            act("wait", &[("until", until), ("why", "x")]).expect(400);
        }
        act("wait", &[("until", "2026-03-25"), ("why", "the phones are new")]).expect(303);
        leader.get("/team").expect(200).contains("Nobody needs you today");
        leader.get(&c.alert_page()).expect(200).contains("Waits until").contains("the phones are new");
        maya.get(&c.alert_page()).expect(200).contains("the phones are new");
        c.server.advance(8 * 86_400);
        let leader = c.browser("lead0").await;
        let maya = c.browser("p3").await;
        let act = |what: &str, fields: &[(&str, &str)]| leader.form(&format!("{}/{what}", c.alert_page()), fields);
        leader.get("/team").expect(200).contains("1 of your 5 people needs you");

        act("accept", &[("why", "  ")]).expect(400).contains("why this level is the usual one");
        act("accept", &[("why", "the new line needs longer calls")]).expect(303);
        leader.get(&c.alert_page()).expect(200).contains("the new level is taken as usual");
        leader.get("/team").expect(200).contains("Nobody needs you today");
        // It is over: nothing more can be done to it.
        act("accept", &[("why", "again")]).expect(409);
        act("talk", &[]).expect(409);
        act("wrong", &[("text", "late")]).expect(409);
        maya.form(&format!("{}/answer", c.alert_page()), &[("answer", "know"), ("text", "late")]).expect(409);
    }

    async fn messages_go_both_ways_and_every_look_is_on_the_persons_list(store: Store) {
        let c = Company::start(store).await;
        let leader = c.browser("lead0").await;
        let maya = c.browser("p3").await;
        let message = format!("{}/message", c.alert_page());
        leader.form(&message, &[("text", "How are the new phones?")]).expect(303);
        assert!(c.told("p3").await.contains("Lead0 Example wrote about an alert"));
        maya.form(&message, &[("text", "Slow <b>still</b>")]).expect(303);
        assert!(c.told("lead0").await.contains("P3 Example wrote about an alert"));
        for who in [&maya, &leader] {
            let page = who.get(&c.alert_page()).expect(200).contains("How are the new phones?");
            assert!(page.text().contains("Slow &#60;b&#62;still") || page.text().contains("Slow &lt;b&gt;still"));
        }
        leader.form(&message, &[("text", " ")]).expect(400);
        leader.form(&message, &[("text", &"x".repeat(4_001))]).expect(400);

        leader.get("/team").expect(200);
        leader.get(&c.metric_page()).expect(200);
        let me = maya.get("/me").expect(200).contains("Lead0 Example, your leader");
        for what in ["the team board", "metric “Successful calls”", "alert about “Successful calls”"] {
            assert!(me.text().contains(what), "{what} in {}", me.text());
        }
        assert!(!leader.get("/me").expect(200).text().contains("P3 Example, "), "one's own looks are not listed");
    }
}
