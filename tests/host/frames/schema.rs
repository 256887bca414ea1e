//! Checks JSON against the schema that is published, in the part of JSON Schema that it is made of; and that the JSON has no field
//! of which the schema does not know.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// The schema as it is published.
static PUBLISHED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&fs::read_to_string(path()).unwrap()).unwrap());

/// Where it is.
pub fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/ramkey.schema.json")
}

/// Panics unless `value` is what the command, or whatever has this name in the schema, prints.
pub fn must_fit(name: &str, value: &Value) {
    let definition = &PUBLISHED["$defs"][name];
    assert!(definition.is_object(), "the schema has no {name}");
    Schema { root: &PUBLISHED }.whole(definition, value, name).unwrap_or_else(|fault| panic!("{fault}"));
}

/// A schema, with what it refers to.
struct Schema<'a> {
    root: &'a Value,
}

impl Schema<'_> {
    /// Checks a value and that each of its fields was known.
    fn whole(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let known = self.check(schema, value, at)?;
        let fields = value.as_object().into_iter().flat_map(Map::keys);
        match fields.into_iter().find(|field| !known.contains(*field)) {
            Some(field) => Err(format!("{at}: the schema does not know the field {field}")),
            None => Ok(()),
        }
    }

    /// Checks a value; gives the fields that were known.
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<BTreeSet<String>, String> {
        let mut known = BTreeSet::new();
        let Value::Object(keywords) = schema else {
            // `true` fits everything.
            known.extend(value.as_object().into_iter().flat_map(Map::keys).cloned());
            return if *schema == Value::Bool(true) { Ok(known) } else { Err(format!("{at}: nothing fits")) };
        };
        if keywords.keys().all(|keyword| keyword == "description") {
            // So does what says nothing of it.
            known.extend(value.as_object().into_iter().flat_map(Map::keys).cloned());
        }
        for (keyword, wanted) in keywords {
            known.extend(self.keyword(keyword, wanted, value, at)?);
        }
        Ok(known)
    }

    fn keyword(
        &self,
        keyword: &str,
        wanted: &Value,
        value: &Value,
        at: &str,
    ) -> Result<BTreeSet<String>, String> {
        let mut known = BTreeSet::new();
        let list = || wanted.as_array().unwrap().iter();
        let items = || value.as_array().into_iter().flatten();
        match keyword {
            "$ref" => {
                let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                return self.check(self.root.pointer(pointer).expect(pointer), value, at);
            }
            "properties" => {
                known.extend(wanted.as_object().unwrap().keys().cloned());
                for (field, value) in value.as_object().into_iter().flatten() {
                    if let Some(wanted) = wanted.get(field) {
                        self.whole(wanted, value, &format!("{at}.{field}"))?;
                    }
                }
            }
            "items" => items().try_for_each(|item| self.whole(wanted, item, &format!("{at}[]")))?,
            "prefixItems" => {
                let mut pairs = list().zip(items());
                pairs.try_for_each(|(wanted, item)| self.whole(wanted, item, &format!("{at}[]")))?;
            }
            "allOf" => {
                for wanted in list() {
                    known.extend(self.check(wanted, value, at)?);
                }
            }
            "anyOf" | "oneOf" => {
                let (fitting, others): (Vec<_>, Vec<_>) =
                    list().map(|wanted| self.check(wanted, value, at)).partition(Result::is_ok);
                if fitting.is_empty() || keyword == "oneOf" && fitting.len() > 1 {
                    let faults: Vec<String> = others.into_iter().filter_map(Result::err).collect();
                    return Err(format!("{at}: {} of {keyword} fit: {}", fitting.len(), faults.join("; ")));
                }
                known.extend(fitting.into_iter().flatten().flatten());
            }
            _ if !fits(keyword, wanted, value) => {
                return Err(format!("{at}: {value} does not fit {keyword} {wanted}"));
            }
            _ => {}
        }
        Ok(known)
    }
}

/// Whether a value fits a keyword that has no schema in it.
fn fits(keyword: &str, wanted: &Value, value: &Value) -> bool {
    let list = || wanted.as_array().unwrap().iter();
    let items = |is_right: fn(u64, u64) -> bool| {
        value.as_array().is_none_or(|items| is_right(items.len() as u64, wanted.as_u64().unwrap()))
    };
    match keyword {
        "type" if wanted.is_array() => list().any(|wanted| is_of(wanted, value)),
        "type" => is_of(wanted, value),
        "const" => wanted == value,
        "enum" => list().any(|wanted| wanted == value),
        "minimum" => !value.is_number() || value.as_f64() >= wanted.as_f64(),
        "maximum" => !value.is_number() || value.as_f64() <= wanted.as_f64(),
        "minItems" => items(|len, least| len >= least),
        "maxItems" => items(|len, most| len <= most),
        "required" => !value.is_object() || list().all(|field| value.get(field.as_str().unwrap()).is_some()),
        "title" | "description" | "format" | "default" => true,
        other => panic!("this check does not know the keyword {other}"),
    }
}

fn is_of(wanted: &Value, value: &Value) -> bool {
    match wanted.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("no type {other}"),
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let root = serde_json::json!({ "$defs": { "Name": { "type": "string" } } });
    let schema = serde_json::json!({
        "type": "object",
        "required": ["name", "len"],
        "properties": {
            "name": { "$ref": "#/$defs/Name" },
            "len": { "type": ["integer", "null"], "minimum": 0 },
            "kind": { "anyOf": [{ "const": "a" }, { "enum": ["b", "c"] }] },
        },
    });
    let fits = |text: &str| Schema { root: &root }.whole(&schema, &serde_json::from_str(text).unwrap(), "it");
    assert_eq!(fits(r#"{ "name": "x", "len": 1, "kind": "c" }"#), Ok(()));
    for (text, word) in [
        (r#"{ "name": "x" }"#, "required"),
        (r#"{ "name": 1, "len": 1 }"#, "it.name"),
        (r#"{ "name": "x", "len": -1 }"#, "minimum"),
        (r#"{ "name": "x", "len": 1, "kind": "d" }"#, "anyOf"),
        (r#"{ "name": "x", "len": 1, "more": 1 }"#, "does not know the field more"),
        ("[]", "type"),
    ] {
        let fault = fits(text).unwrap_err();
        assert!(fault.contains(word), "{text}: {fault}");
    }
}
