//! Statements, and what is known of the agents and activities that they name.

use app::statements::{self as cases, Attached, Found, Page, Query, Reader, Source};
use axum::response::Response;
use domain::access::{DefineActivities, ReadOwnStatements, ReadStatements, SendStatements};
use http::{HeaderName, HeaderValue, Method, header};
use uuid::Uuid;
use xapi::{Fault, Limits, OutPart, Received, StatementsQuery, rules};

use super::call::{Call, Given, Refusal, done, http_date, json, typed, versioned};
use crate::problem::Problem;

/// How much one request may hold.
const LIMITS: Limits = Limits {
    body_bytes: 10 << 20,
    statement_bytes: 8 << 20,
    statements: 1_000,
    parts: 200,
    depth: 64,
    faults: 200,
};

const THROUGH: HeaderName = HeaderName::from_static("x-experience-api-consistent-through");

/// `statements`: GET, PUT and POST.
pub async fn statements(call: Call) -> Response {
    let version = call.version;
    // Read before the statements are, so that it is true of what is read.
    let through = call.app.intake.through(call.app.now());
    let given = match call.method {
        Method::GET => get(call).await,
        Method::PUT => put(call).await,
        Method::POST => post(call).await,
        _ => Err(call.no_such_method()),
    };
    let mut response = versioned(version, given);
    if let Ok(value) = HeaderValue::try_from(xapi::rfc3339(through.timestamp())) {
        response.headers_mut().insert(THROUGH, value);
    }
    response
}

/// Which statements the key may read.
fn reader(call: &Call) -> Result<Reader, Refusal> {
    if let Ok(any) = call.permit(ReadStatements(())) {
        return Ok(Reader::any(&any));
    }
    Ok(Reader::own(&call.permit(ReadOwnStatements(()))?)?)
}

async fn get(mut call: Call) -> Given {
    let reader = reader(&call)?;
    let mut page = None;
    if let Some(at) = call.pairs.iter().position(|(name, _)| name == "more") {
        page = Some(call.pairs.remove(at).1.parse::<Page>()?);
    }
    let preferred = call.preferred();
    match xapi::statements_query(&call.pairs, call.version)? {
        StatementsQuery::One { id, voided, format, attachments } => {
            let found = cases::one(&call.app, reader, id, voided, format, attachments, preferred).await?;
            let text = found.statements.first().cloned().unwrap_or_default();
            let stored = found.stored_at;
            let mut response = shown(text, attachments, &found);
            if let Some(value) = stored.and_then(http_date) {
                response.headers_mut().insert(header::LAST_MODIFIED, value);
            }
            Ok(response)
        }
        StatementsQuery::Many(filter) => {
            let attachments = filter.attachments;
            let found = cases::find(&call.app, reader, Query { filter, page, preferred }).await?;
            let more = found.next.map_or_else(String::new, |next| {
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.extend_pairs(call.pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
                query.append_pair("more", &next.to_string());
                format!("{}/statements?{}", call.mount, query.finish())
            });
            let text = xapi::statements_json(found.statements.iter().map(String::as_str), &more);
            Ok(shown(text, attachments, &found))
        }
    }
}

fn shown(text: String, attachments: bool, found: &Found) -> Response {
    if !attachments {
        return json(text);
    }
    let parts: Vec<OutPart<'_>> = found
        .attachments
        .iter()
        .map(|a| OutPart { sha2: &a.sha2, content_type: &a.content_type, data: &a.body })
        .collect();
    let (content_type, body) = xapi::write_multipart(&text, &parts);
    typed(&content_type, body)
}

/// Statements and the data that came with them, judged.
fn read(call: &Call) -> Result<(Vec<Received>, Vec<Attached>, bool), Refusal> {
    let content_type = call.content_type();
    let is_batch = |body: &[u8]| body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[');
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        let received = xapi::parse_statements(&call.body, call.version, LIMITS)?;
        let batch = is_batch(&call.body);
        xapi::check_attachments(&received, &[], call.version)?;
        return Ok((received, Vec::new(), batch));
    }
    if xapi::multipart_boundary(content_type).is_none() {
        let what = format!("`{}` is neither application/json nor multipart/mixed", essence.escape_debug());
        return Err(vec![Fault::new(&rules::MULTIPART, call.version, "header Content-Type", what)].into());
    }
    let parts = xapi::split_multipart(content_type, &call.body, call.version, LIMITS)?;
    let received = xapi::parse_statements(parts.statements, call.version, LIMITS)?;
    let batch = is_batch(parts.statements);
    xapi::check_attachments(&received, &parts.attachments, call.version)?;
    let attached = parts
        .attachments
        .into_iter()
        .map(|p| Attached { sha2: p.sha2, content_type: p.content_type, data: p.data.to_vec() })
        .collect();
    Ok((received, attached, batch))
}

fn source(call: &Call) -> Result<Source, Refusal> {
    let send = call.permit(SendStatements(()))?;
    let define = call.permit(DefineActivities(())).ok();
    Ok(Source::new(&call.app, &send, define.as_ref(), call.version))
}

async fn put(call: Call) -> Given {
    let source = source(&call)?;
    let id = xapi::put_query(&call.pairs, call.version)?;
    let (mut received, attached, batch) = read(&call)?;
    let fault = |rule, path: &str, what: String| -> Refusal {
        vec![Fault::new(rule, call.version, path, what)].into()
    };
    let (false, [one]) = (batch, received.as_mut_slice()) else {
        return Err(fault(
            &rules::RIGHT_TYPE,
            "$",
            "a PUT holds one statement, not a list of them".to_owned(),
        ));
    };
    match one.statement.id {
        Some(own) if own != id => {
            return Err(fault(
                &rules::PARAMETER_VALUE,
                "$.id",
                format!("it is {own}, and the parameter statementId is {id}"),
            ));
        }
        _ => one.statement.id = Some(id),
    }
    cases::accept(&call.app, source, received, attached).await?;
    Ok(done())
}

async fn post(call: Call) -> Given {
    let source = source(&call)?;
    xapi::post_query(&call.pairs, call.version)?;
    let (received, attached, _) = read(&call)?;
    let ids = cases::accept(&call.app, source, received, attached).await?;
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let body = serde_json::to_vec(&ids).map_err(|e| Refusal::from(Problem::internal(e)))?;
    Ok(json(body))
}

/// `agents`: the Person object of an agent.
pub async fn agents(call: Call) -> Response {
    let version = call.version;
    versioned(version, agents_of(call).await)
}

async fn agents_of(call: Call) -> Given {
    let may = call.permit(ReadStatements(()))?;
    if call.method != Method::GET {
        return Err(call.no_such_method());
    }
    let agent = xapi::agents_query(&call.pairs, call.version)?;
    Ok(json(cases::person(&call.app, &may, agent).await?))
}

/// `activities`: the Activity object of an IRI.
pub async fn activities(call: Call) -> Response {
    let version = call.version;
    versioned(version, activities_of(call).await)
}

async fn activities_of(call: Call) -> Given {
    let may = call.permit(ReadStatements(()))?;
    if call.method != Method::GET {
        return Err(call.no_such_method());
    }
    let iri = xapi::activities_query(&call.pairs, call.version)?;
    Ok(json(cases::activity(&call.app, &may, iri).await?))
}
