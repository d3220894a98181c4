//! State, agent profile and activity profile documents.

use app::documents::{self as cases, Change, MayRead, MayWrite, NotWritten, Sent};
use axum::response::Response;
use domain::access::{ReadDocuments, ReadState, WriteDocuments, WriteState};
use http::{HeaderValue, Method, StatusCode, header};
use xapi::{DocumentCall, Preconditions, Resource, Write};

use super::call::{Call, Given, Refusal, done, http_date, json, typed, versioned};
use crate::problem::Problem;

/// `activities/state`.
pub async fn state(call: Call) -> Response {
    answer(call, Resource::State).await
}

/// `agents/profile`.
pub async fn agent_profile(call: Call) -> Response {
    answer(call, Resource::AgentProfile).await
}

/// `activities/profile`.
pub async fn activity_profile(call: Call) -> Response {
    answer(call, Resource::ActivityProfile).await
}

async fn answer(call: Call, resource: Resource) -> Response {
    let version = call.version;
    let given = match call.method {
        Method::GET => get(call, resource).await,
        Method::PUT => change(call, resource, Write::Put, DocumentCall::Store).await,
        Method::POST => change(call, resource, Write::Post, DocumentCall::Store).await,
        Method::DELETE => change(call, resource, Write::Delete, DocumentCall::Delete).await,
        _ => Err(call.no_such_method()),
    };
    versioned(version, given)
}

async fn get(call: Call, resource: Resource) -> Given {
    let (state, profile);
    let may = match resource {
        Resource::State => {
            state = call.permit(ReadState(()))?;
            MayRead::State(&state)
        }
        _ => {
            profile = call.permit(ReadDocuments(()))?;
            MayRead::Profile(&profile)
        }
    };
    let query = xapi::document_query(resource, DocumentCall::Read, &call.pairs, call.version)?;
    if query.id.is_none() {
        let (names, newest) = cases::names(&call.app, may, resource, query).await?;
        let body = serde_json::to_vec(&names).map_err(|e| Refusal::from(Problem::internal(e)))?;
        let tag = HeaderValue::try_from(xapi::etag(&body));
        let mut response = json(body);
        if let Some(value) = newest.and_then(http_date) {
            response.headers_mut().insert(header::LAST_MODIFIED, value);
        }
        if let Ok(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        return Ok(response);
    }
    let found = cases::document(&call.app, may, resource, query).await?;
    let mut response = typed(&found.content_type, found.body);
    if let Ok(tag) = HeaderValue::try_from(found.etag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    if let Some(value) = http_date(found.updated_at) {
        response.headers_mut().insert(header::LAST_MODIFIED, value);
    }
    Ok(response)
}

async fn change(call: Call, resource: Resource, act: Write, kind: DocumentCall) -> Given {
    let (state, profile);
    let may = match resource {
        Resource::State => {
            state = call.permit(WriteState(()))?;
            MayWrite::State(&state)
        }
        _ => {
            profile = call.permit(WriteDocuments(()))?;
            MayWrite::Profile(&profile)
        }
    };
    let query = xapi::document_query(resource, kind, &call.pairs, call.version)?;
    let preconditions = Preconditions::from_headers(
        call.header(header::IF_MATCH),
        call.header(header::IF_NONE_MATCH),
        call.version,
    )?;
    let content_type = match call.content_type() {
        "" => "application/octet-stream",
        given => given,
    };
    let sent = Sent { content_type: content_type.to_owned(), content: call.body.to_vec() };
    let change = Change { resource, act, query, sent, preconditions, version: call.version };
    match cases::write(&call.app, may, change).await {
        Ok(()) => Ok(done()),
        Err(NotWritten::Faulty(faults)) => Err(faults.into()),
        Err(NotWritten::Refused(refusal)) => {
            let status = match refusal {
                xapi::Refusal::Unconditional => StatusCode::BAD_REQUEST,
                xapi::Refusal::Conflict => StatusCode::CONFLICT,
                xapi::Refusal::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            };
            Err(Problem::new(status, format!("{refusal}.")).into())
        }
        Err(NotWritten::Other(error)) => Err(error.into()),
    }
}
