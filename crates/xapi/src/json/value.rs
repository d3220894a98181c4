//! A view of one value among the nodes that were read.

use super::write::quote;
use super::{Doc, Kind, Node};

/// One value of a text that was read.
#[derive(Clone, Copy)]
pub(crate) struct Value<'d> {
    pub(super) doc: &'d Doc<'d>,
    pub(super) at: u32,
}

impl<'d> Value<'d> {
    fn node(self) -> Node {
        self.doc.nodes[self.at as usize]
    }

    /// The index after this value and everything in it.
    pub(super) fn after(self) -> u32 {
        match self.node() {
            Node { kind: Kind::Array | Kind::Object, next: 0, .. } => self.doc.nodes.len() as u32,
            Node { kind: Kind::Array | Kind::Object, next, .. } => next,
            _ => self.at + 1,
        }
    }

    pub(crate) fn kind(self) -> Kind {
        self.node().kind
    }

    /// The first and the last byte but one in the text that was read, quotes and brackets included.
    pub(crate) fn span(self) -> std::ops::Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// The value as it was written.
    pub(crate) fn raw(self) -> &'d str {
        &self.doc.text[self.span()]
    }

    /// The text of a string, unescaped.
    pub(crate) fn text(self) -> Option<&'d str> {
        let node = self.node();
        if node.kind != Kind::String || node.end <= node.start + 1 {
            return None;
        }
        if node.escaped {
            let (from, to) = self.doc.spans[node.next as usize];
            Some(&self.doc.unescaped[from as usize..to as usize])
        } else {
            Some(&self.doc.text[node.start as usize + 1..node.end as usize - 1])
        }
    }

    /// Whether a string was written with escapes. One that was not holds no control character.
    pub(crate) fn is_escaped(self) -> bool {
        self.node().escaped
    }

    pub(crate) fn bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == "true")
    }

    pub(crate) fn number(self) -> Option<f64> {
        if self.kind() == Kind::Number { self.raw().parse().ok() } else { None }
    }

    /// The properties of an object, in the order written; nothing for any other value.
    pub(crate) fn members(self) -> Members<'d> {
        let last = if self.kind() == Kind::Object { self.after() } else { 0 };
        Members { doc: self.doc, at: self.at + 1, last }
    }

    /// The items of an array; nothing for any other value.
    pub(crate) fn items(self) -> Items<'d> {
        let last = if self.kind() == Kind::Array { self.after() } else { 0 };
        Items { doc: self.doc, at: self.at + 1, last }
    }

    /// A property of an object.
    pub(crate) fn get(self, name: &str) -> Option<Value<'d>> {
        self.members().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.after() == self.at + 1
    }

    pub(crate) fn path(self, base: &str) -> String {
        self.doc.path(self.at, base)
    }

    /// The value without white space, properties sorted by name: equal for values that differ in layout only.
    /// Numbers keep their spelling.
    pub(crate) fn compact(self) -> String {
        let mut out = String::with_capacity(self.span().len());
        self.write_compact(&mut out);
        out
    }

    fn write_compact(self, out: &mut String) {
        match self.kind() {
            Kind::Object => {
                let mut members: Vec<_> = self.members().collect();
                members.sort_unstable_by_key(|(key, _)| *key);
                out.push('{');
                for (n, (key, value)) in members.into_iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    quote(key, out);
                    out.push(':');
                    value.write_compact(out);
                }
                out.push('}');
            }
            Kind::Array => {
                out.push('[');
                for (n, item) in self.items().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    item.write_compact(out);
                }
                out.push(']');
            }
            Kind::String if self.is_escaped() => quote(self.text().unwrap_or_default(), out),
            _ => out.push_str(self.raw()),
        }
    }
}

/// See [`Value::members`].
pub(crate) struct Members<'d> {
    doc: &'d Doc<'d>,
    at: u32,
    last: u32,
}

impl<'d> Iterator for Members<'d> {
    type Item = (&'d str, Value<'d>);
    fn next(&mut self) -> Option<Self::Item> {
        if self.at + 1 >= self.last {
            return None;
        }
        let key = Value { doc: self.doc, at: self.at }.text()?;
        let value = Value { doc: self.doc, at: self.at + 1 };
        self.at = value.after();
        Some((key, value))
    }
}

/// See [`Value::items`].
pub(crate) struct Items<'d> {
    doc: &'d Doc<'d>,
    at: u32,
    last: u32,
}

impl<'d> Iterator for Items<'d> {
    type Item = Value<'d>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.last {
            return None;
        }
        let value = Value { doc: self.doc, at: self.at };
        self.at = value.after();
        Some(value)
    }
}
