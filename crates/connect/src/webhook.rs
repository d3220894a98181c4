//! What an endpoint gets: a body in its form, and for the standard form the headers that sign it.
//!
//! Signatures: Standard Webhooks 1.0.0, <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::time::Instant;
use ring::hmac;
use serde_json::{Value, json};

/// What begins a secret as it is shown (Standard Webhooks, "Signature scheme").
const SECRET: &str = "whsec_";

/// A secret as it is shown once.
pub fn shown_secret(secret: &[u8]) -> String {
    format!("{SECRET}{}", STANDARD.encode(secret))
}

/// The value of `webhook-signature`: one signature for each secret, so that a receiver may know either.
///
/// What is signed is the id, the time of this try in seconds, and the body as it is sent, joined by full stops.
pub fn signatures(id: &str, at: Instant, body: &[u8], secrets: &[&[u8]]) -> String {
    let mut signed = format!("{id}.{}.", seconds(at)).into_bytes();
    signed.extend_from_slice(body);
    let one = |secret: &&[u8]| {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &signed);
        format!("v1,{}", STANDARD.encode(tag))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The value of `webhook-timestamp`.
pub fn seconds(at: Instant) -> i64 {
    at.micros().div_euclid(1_000_000)
}

/// The body of the standard form. The same for every try.
pub fn standard(event: &str, at: Instant, data: &Value) -> Value {
    json!({ "type": event, "timestamp": at.to_string(), "data": data })
}

/// What is said in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One sentence.
    pub text: String,
    /// What may be added, in whole sentences; may be empty.
    pub more: String,
    /// Who says it: the installation's name.
    pub from: String,
    /// Buttons: words and address, the main one first.
    pub buttons: Vec<(String, String)>,
}

/// A Slack message with blocks; `text` is what notifications and screen readers take.
/// <https://docs.slack.dev/reference/block-kit/blocks>
pub fn slack(message: &Message) -> Value {
    // `&`, `<` and `>` are the three that Slack reads as its own.
    let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut blocks = vec![json!({
        "type": "section",
        "text": { "type": "plain_text", "text": cut(&message.text, 3000), "emoji": false },
    })];
    if !message.more.is_empty() {
        blocks.push(json!({
            "type": "section",
            "text": { "type": "plain_text", "text": cut(&message.more, 3000), "emoji": false },
        }));
    }
    if !message.buttons.is_empty() {
        let buttons: Vec<Value> = message
            .buttons
            .iter()
            .enumerate()
            .map(|(n, (words, url))| {
                let mut button = json!({
                    "type": "button",
                    "action_id": format!("go-{n}"),
                    "text": { "type": "plain_text", "text": cut(words, 75), "emoji": false },
                    "url": url,
                });
                if n == 0 {
                    button["style"] = "primary".into();
                }
                button
            })
            .collect();
        blocks.push(json!({ "type": "actions", "elements": buttons }));
    }
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "plain_text", "text": cut(&message.from, 300), "emoji": false }],
    }));
    json!({ "text": plain(&message.text), "blocks": blocks })
}

/// A message with an Adaptive Card, as the Teams workflow "post to a channel when a webhook request is received" takes it.
/// <https://adaptivecards.io/explorer/AdaptiveCard.html>
pub fn teams(message: &Message) -> Value {
    let line = |text: &str| json!({ "type": "TextBlock", "text": escaped(text), "wrap": true });
    let mut body = vec![line(&message.text)];
    body[0]["weight"] = "Bolder".into();
    body[0]["size"] = "Medium".into();
    if !message.more.is_empty() {
        body.push(line(&message.more));
    }
    let mut from = line(&message.from);
    from["isSubtle"] = true.into();
    from["size"] = "Small".into();
    body.push(from);
    let actions: Vec<Value> = message
        .buttons
        .iter()
        .map(|(words, url)| json!({ "type": "Action.OpenUrl", "title": words, "url": url }))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
                "actions": actions,
            },
        }],
    })
}

/// Markdown signs in a text block of a card, so that a name is shown as it is.
fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let marks = matches!(c, '\\' | '*' | '_' | '[' | ']' | '`' | '#');
            marks.then_some('\\').into_iter().chain(std::iter::once(c))
        })
        .collect()
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_standard_says() {
        // From the specification's own example and the reference libraries' tests.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Instant::from_micros(1_614_265_330_000_000);
        let body = br#"{"test": 2432232314}"#;
        let signed = signatures("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body, &[&secret]);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signatures("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body, &[b"another", &secret]);
        assert!(both.ends_with(&format!(" {signed}")) && both.matches("v1,").count() == 2, "{both}");
        assert_eq!(shown_secret(&secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    #[test]
    fn names_are_no_markup() {
        let message = Message {
            text: "Calls: lower for <!channel> *Ana_B*".into(),
            more: String::new(),
            from: "Northwind".into(),
            buttons: vec![("Open".into(), "https://t.example/alerts/1".into())],
        };
        let slack = slack(&message);
        assert_eq!(slack["text"], "Calls: lower for &lt;!channel&gt; *Ana_B*");
        assert_eq!(slack["blocks"][0]["text"]["type"], "plain_text");
        assert_eq!(slack["blocks"][1]["elements"][0]["url"], "https://t.example/alerts/1");
        let card = &teams(&message)["attachments"][0]["content"];
        assert_eq!(card["body"][0]["text"], "Calls: lower for <!channel> \\*Ana\\_B\\*");
        assert_eq!(card["actions"][0]["type"], "Action.OpenUrl");
    }
}
