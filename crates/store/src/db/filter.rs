//! Conditions for lists: fixed text and bound values, never text made of data.

use super::value::Value;

/// A `WHERE` that grows. Each `?` in a condition becomes the number of its value.
///
/// ```
/// # use store::db::{Filter, Value};
/// let mut f = Filter::new();
/// f.and("kind = ?", "gap").and_opt("unit_id = ?", None::<i64>).and_any("person_id", [7_i64, 8]);
/// let limit = f.bind(50);
/// let sql = format!("SELECT id FROM alert WHERE {} ORDER BY id LIMIT {limit}", f.sql());
/// assert_eq!(sql, "SELECT id FROM alert WHERE kind = $1 AND person_id = ANY($2) ORDER BY id LIMIT $3");
/// assert_eq!(f.params().len(), 3);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Filter {
    conditions: Vec<String>,
    params: Vec<Value>,
}

impl Filter {
    /// No condition yet: everything passes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition with one value, such as `"day >= ?"`.
    pub fn and(&mut self, condition: &'static str, value: impl Into<Value>) -> &mut Self {
        self.and_all(condition, [value.into()])
    }

    /// Adds a condition where there is a value for it.
    pub fn and_opt(&mut self, condition: &'static str, value: Option<impl Into<Value>>) -> &mut Self {
        match value {
            Some(value) => self.and(condition, value),
            None => self,
        }
    }

    /// Adds a condition with any number of values, one for each `?` in order, such as `"(a = ? OR b = ?)"`.
    pub fn and_all(&mut self, condition: &'static str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        let mut parts = condition.split('?');
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut values = values.into_iter();
        for part in parts {
            // A missing value leaves the mark, which both databases refuse.
            match values.next() {
                Some(value) => text.push_str(&self.bind(value)),
                None => text.push('?'),
            }
            text.push_str(part);
        }
        self.params.extend(values);
        self.conditions.push(text);
        self
    }

    /// Adds `column = ANY(values)`; no values means no rows.
    pub fn and_any<T: Into<Value>>(
        &mut self,
        column: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        let mark = self.bind(Value::list(values));
        self.conditions.push(format!("{column} = ANY({mark})"));
        self
    }

    /// Adds a condition without values, such as `"closed_at IS NULL"`.
    pub fn and_sql(&mut self, condition: &'static str) -> &mut Self {
        self.conditions.push(condition.to_owned());
        self
    }

    /// Binds a value outside the conditions and gives its mark, for `LIMIT` and the like.
    pub fn bind(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    /// The conditions joined by `AND`; `TRUE` when there are none.
    pub fn sql(&self) -> String {
        if self.conditions.is_empty() { "TRUE".to_owned() } else { self.conditions.join(" AND ") }
    }

    /// The values, for the statement that holds [`Filter::sql`].
    pub fn params(&self) -> &[Value] {
        &self.params
    }
}
