//! The alternate request syntax of 1.0.3 (Communication 1.3): any request as a POST of a form, for browsers that cannot do better.
//!
//! xAPI 2.0 has it no longer: there, `method` is a parameter that no resource takes.

use crate::{Fault, Faults, Version, rules};

/// The request that a form stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternate {
    /// GET, HEAD, PUT, POST or DELETE.
    pub method: &'static str,
    /// Headers that the form sets, by their proper names. They take the place of those of the request itself.
    pub headers: Vec<(&'static str, String)>,
    /// The parameters.
    pub parameters: Vec<(String, String)>,
    /// The body; always there for PUT and POST.
    pub content: Option<String>,
}

/// The headers that a form may set.
const HEADERS: [&str; 6] = [
    "Authorization",
    "X-Experience-API-Version",
    "Content-Type",
    "Content-Length",
    "If-Match",
    "If-None-Match",
];

/// Whether the parameters of a URL call for the alternate syntax.
pub fn is_alternate(url_parameters: &[(String, String)]) -> bool {
    url_parameters.iter().any(|(name, _)| name == "method")
}

/// Reads the request out of the URL's parameters and the form, both decoded. The caller has seen that it came by POST.
pub fn alternate_request(
    url_parameters: &[(String, String)],
    form: Vec<(String, String)>,
) -> Result<Alternate, Faults> {
    let mut faults = Vec::new();
    let mut fault = |path: &str, what: String| {
        faults.push(Fault::new(&rules::ALTERNATE_REQUEST, Version::V1_0_3, path, what));
    };
    let mut method = None;
    for (name, value) in url_parameters {
        if name != "method" {
            let path = format!("parameter {}", crate::json::short(name, 60).escape_debug());
            fault(&path, "it is in the URL instead of the form".to_owned());
        } else if method.is_some() {
            fault("parameter method", "it is there twice".to_owned());
        } else {
            method = ["GET", "HEAD", "PUT", "POST", "DELETE"].into_iter().find(|m| m == value);
            if method.is_none() {
                let what = format!("`{}` is not a method", crate::json::short(value, 20).escape_debug());
                fault("parameter method", what);
            }
        }
    }
    let (mut headers, mut parameters, mut content) = (Vec::new(), Vec::new(), None);
    for (name, value) in form {
        if let Some(header) = HEADERS.into_iter().find(|h| h.eq_ignore_ascii_case(&name)) {
            if headers.iter().any(|(h, _)| *h == header) {
                fault(&format!("form field {header}"), "it is there twice".to_owned());
            }
            headers.push((header, value));
        } else if name == "content" {
            if content.replace(value).is_some() {
                fault("form field content", "it is there twice".to_owned());
            }
        } else {
            parameters.push((name, value));
        }
    }
    if matches!(method, Some("PUT" | "POST")) && content.is_none() {
        fault("form field content", "it is missing".to_owned());
    }
    if !is_alternate(url_parameters) {
        fault("parameter method", "it is missing".to_owned());
    }
    match method {
        Some(method) if faults.is_empty() => Ok(Alternate { method, headers, parameters, content }),
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn a_form_becomes_a_request() {
        let url = pairs(&[("method", "PUT")]);
        let form = pairs(&[
            ("statementId", "1"),
            ("x-experience-api-version", "1.0.3"),
            ("content", "{}"),
            ("If-Match", "*"),
        ]);
        assert!(is_alternate(&url) && !is_alternate(&form));
        assert_eq!(
            alternate_request(&url, form).unwrap(),
            Alternate {
                method: "PUT",
                headers: vec![("X-Experience-API-Version", "1.0.3".into()), ("If-Match", "*".into())],
                parameters: pairs(&[("statementId", "1")]),
                content: Some("{}".into()),
            }
        );
        let get = alternate_request(&pairs(&[("method", "GET")]), pairs(&[("limit", "1")])).unwrap();
        assert_eq!((get.method, get.content), ("GET", None));
    }

    #[test]
    fn what_is_refused() {
        for (url, form, want) in [
            (
                &[("method", "PUT"), ("statementId", "1")][..],
                &[("content", "{}")][..],
                "parameter statementId",
            ),
            (&[("method", "put")], &[("content", "{}")], "parameter method"),
            (&[("method", "GET"), ("method", "PUT")], &[], "parameter method"),
            (&[("method", "POST")], &[], "form field content"),
            (&[], &[], "parameter method"),
            (&[("method", "POST")], &[("content", ""), ("content", "")], "form field content"),
            (&[("method", "GET")], &[("If-Match", "*"), ("if-match", "*")], "form field If-Match"),
        ] {
            let faults = alternate_request(&pairs(url), pairs(form)).unwrap_err();
            assert_eq!(faults.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), [want]);
        }
    }
}
